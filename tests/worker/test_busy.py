"""A database that another session has locked: what runs goes on, what it found waits in memory,
nothing runs twice.

A migration, a VACUUM, an index, a shell with an open transaction: the session here does what they
do and holds it for longer than every limit of ours (a lock is waited for 2 s on PostgreSQL and 10 s
on SQLite, a person for 5 s).
"""

from __future__ import annotations

import threading
import time

import pytest

from executions import dispatch
from executions.models import Attempt, Execution, Process, Workflow
from tests.driving.texts import call, get, tasks
from tests.settings import TEST_DATABASE
from tests.troubles import locked, other_session
from tests.waiting import until

pytestmark = [pytest.mark.database, pytest.mark.processes]

HELD_SECONDS = 13.0
EXECUTIONS, STEPS = "executions_execution", "executions_step"
# What a session may do that keeps our writes out; SQLite has one lock for all of it.
LOCKS = {
    "everything is locked": [
        f"LOCK TABLE {EXECUTIONS}, {STEPS}, executions_process IN ACCESS EXCLUSIVE MODE"
    ],
    "a table is altered": [f"ALTER TABLE {STEPS} ADD COLUMN more text"],
    "an index is made": [f"CREATE INDEX more ON {EXECUTIONS} (name)"],
    "the rows are locked": [
        f"SELECT 1 FROM {EXECUTIONS} FOR UPDATE",
        "SELECT 1 FROM executions_process FOR UPDATE",
    ],
}
every_lock = pytest.mark.parametrize(
    "lock",
    LOCKS.values() if TEST_DATABASE == "postgres" else [LOCKS["everything is locked"]],
    ids=LOCKS if TEST_DATABASE == "postgres" else ["SQLite"],
)
on_postgres = pytest.mark.skipif(
    TEST_DATABASE != "postgres", reason="locks of rows and tables are PostgreSQL's"
)


def hold(seconds: float) -> None:
    """Let time pass: what is tried is how long a lock is held, not a moment that could be waited
    for.
    """
    time.sleep(seconds)


def all_end(executions: list[Execution], seconds: float = 90.0) -> None:
    ids = [execution.pk for execution in executions]

    def ended() -> bool:
        return Execution.objects.filter(pk__in=ids, phase="COMPLETED").count() == len(ids)

    try:
        until(ended, what="all are completed", seconds=seconds)
    except AssertionError:
        stand = Execution.objects.filter(pk__in=ids).values_list(
            "slug", "phase", "waiting_for", "failure_reason"
        )
        raise AssertionError(sorted(stand)) from None


@every_lock
def test_twenty_calls_whose_answers_come_while_it_is_locked_are_made_once_and_written(
    worker, begin, gated, log, tmp_path, lock
):
    process = worker(turned={"STIGMER_FUNCTION_PROCESSES": 5})
    gate, ledger = tmp_path / "gate", tmp_path / "ledger"
    url = f"{gated.url}/gated"
    function = call("note_when_open", ledger=str(ledger), line="once", gate=str(gate))
    after = call("rename_when_open", slug="target", name="!", gate=str(gate))
    executions = [
        begin(tasks(a=get(f"{url}?plain={n}"), b="{set: {n: 1}}"), name=f"p{n}") for n in range(5)
    ]
    executions += [
        begin(tasks(a=get(f"{url}?once={n}", "metadata: {effect: at_most_once}")), name=f"o{n}")
        for n in range(5)
    ]
    executions += [begin(tasks(a=function), name=f"f{n}") for n in range(5)]
    executions += [begin(tasks(a=get(f"{url}?then={n}"), b=after), name=f"t{n}") for n in range(5)]
    named = Workflow.objects.filter(pk=executions[0].workflow_id)
    named.update(slug="target", name="")
    until(lambda: gated.inside == 15, what="the calls are under way")
    until(
        lambda: Execution.objects.filter(current_step__endswith="a").count() == 20,
        what="all of them have begun",
    )
    with locked(*lock):
        gated.gate.set()
        gate.touch()
        hold(HELD_SECONDS)
    all_end(executions)
    assert sorted(seen.path for seen in gated.seen) == sorted({seen.path for seen in gated.seen})
    assert len(gated.seen) == 15
    assert len(ledger.read_text().splitlines()) == 5
    assert named.values_list("name", flat=True).get() == "!" * 5
    # No drive was broken off (functions may have waited parked for a free process).
    assert set(
        Execution.objects.exclude(workflow__name__startswith="f").values_list("token", flat=True)
    ) == {1}
    assert not Attempt.objects.exists()
    assert process.poll() is None
    # It says that it is kept waiting and that it is no longer, not each time that it tries.
    assert len(log.read_text().splitlines()) < 120, log.read_text()


@every_lock
def test_drives_that_begin_park_and_wake_while_it_is_locked_go_on_after_it_and_no_worker_is_taken_for_dead(
    worker, begin, gated, log, lock
):
    workers = [worker(), worker()]
    waiting = "{wait: {seconds: 1}}"
    sleepers = [begin(tasks(a=waiting, b="{set: {n: 1}}"), name=f"s{n}") for n in range(5)]
    parking = [begin(tasks(a=get(f"{gated.url}/gated"), b=waiting), name=f"p{n}") for n in range(5)]
    # Their bells ring while it is locked: nothing of them has begun.
    beginning = [begin(tasks(a="{set: {n: 1}}"), name=f"b{n}") for n in range(5)]
    until(lambda: gated.inside == 5, what="the calls are under way")
    with locked(*lock):
        gated.gate.set()
        for execution in beginning:
            dispatch.ring(execution.pk)
        hold(HELD_SECONDS)
    all_end(sleepers + parking + beginning)
    assert len(gated.seen) == 5
    assert [process.poll() for process in workers] == [None, None]
    assert not Process.objects.filter(dead_at__isnull=False).exists()
    assert "declared dead" not in log.read_text()


@on_postgres
def test_one_row_that_somebody_has_locked_keeps_nobody_else_waiting(worker, begin, gated):
    worker(turned={"executions.worker.writers.ON_POSTGRESQL": 1})
    blocked = [
        begin(tasks(a=get(f"{gated.url}/gated"), b="{set: {n: 1}}"), name=f"l{n}")
        for n in range(10)
    ]
    until(lambda: gated.inside == 10, what="the calls are under way")
    ids = ", ".join(f"'{execution.pk}'" for execution in blocked)
    with locked(f"SELECT 1 FROM {EXECUTIONS} WHERE id IN ({ids}) FOR UPDATE"):
        gated.gate.set()
        until(lambda: gated.inside == 0, what="all answers have come")
        others = [
            begin(tasks(a=get(f"{gated.url}/gated"), b="{set: {n: 1}}"), name=f"o{n}")
            for n in range(10)
        ]
        all_end(others)
        assert not Execution.objects.filter(
            pk__in=[each.pk for each in blocked], phase="COMPLETED"
        ).exists()
    all_end(blocked)
    assert len(gated.seen) == 20


@on_postgres
@pytest.mark.parametrize(
    "statement",
    [
        "VACUUM FULL",
        f"CREATE INDEX CONCURRENTLY more ON {STEPS} (name)",
        f"REINDEX TABLE {EXECUTIONS}",
    ],
)
def test_what_an_administrator_runs_beside_it_breaks_nothing(worker, begin, gated, statement):
    worker()
    executions = [
        begin(
            tasks(
                a=get(f"{gated.url}/gated", "metadata: {effect: at_most_once}"), b="{set: {n: 1}}"
            ),
            name=f"v{n}",
        )
        for n in range(10)
    ]
    until(lambda: gated.inside == 10, what="the calls are under way")
    with other_session() as administrator:
        with locked(f"LOCK TABLE {STEPS} IN SHARE MODE"):
            # It stands in the line of those that want a lock, and everybody who comes after it
            # stands behind it.
            beside = threading.Thread(target=administrator.execute, args=(statement,))
            beside.start()
            gated.gate.set()
            hold(5.0)
        beside.join(60)
    all_end(executions)
    assert len(gated.seen) == 10


def test_a_worker_that_is_killed_while_it_is_locked_is_taken_over_after_it(
    worker, begin, ends, gated
):
    doomed = worker()
    twice = [begin(tasks(a=get(f"{gated.url}/gated")), name=f"i{n}") for n in range(3)]
    once = begin(
        tasks(a=get(f"{gated.url}/gated?once", "metadata: {effect: at_most_once}")), name="once"
    )
    until(lambda: gated.inside == 4, what="the calls are under way")
    survivor = worker()
    with locked(*LOCKS["everything is locked"]):
        gated.gate.set()
        until(
            lambda: gated.inside == 0,
            what="the answers have come and wait in the memory of the worker",
        )
        doomed.kill()
        doomed.wait()
        hold(3.0)
    all_end(twice)
    asked = ends(once, "WAITING")
    assert asked.waiting_for == "decision"
    paths = [seen.path for seen in gated.seen]
    # On a busy machine a survivor that beat too late is taken over as well: what may be repeated is
    # made once more then.
    assert paths.count("/gated?once") == 1 and paths.count("/gated") >= 6
    assert survivor.poll() is None
    lost = set(Attempt.objects.filter(outcome="lost").values_list("rule", flat=True))
    assert lost
    assert all(rule.startswith("its worker process ended before its outcome") for rule in lost)


def test_a_worker_that_is_stopped_while_it_is_locked_comes_to_an_orderly_end(
    worker, begin, gated, log
):
    process = worker(STIGMER_DRAIN_SECONDS=2)
    begin(tasks(a=get(f"{gated.url}/gated")))
    until(lambda: gated.inside == 1, what="the call is under way")
    with locked(*LOCKS["everything is locked"]):
        gated.gate.set()
        process.terminate()
        assert process.wait(60) == 0, log.read_text()
