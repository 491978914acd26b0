"""A database that another session has locked: what runs goes on, what it found waits in memory, nothing runs twice.

A migration, a VACUUM, an index, a shell with an open transaction: the session here does what they do and holds it for
longer than every limit of ours (a lock is waited for 2 s on PostgreSQL and 10 s on SQLite, a person for 5 s).
"""

from __future__ import annotations

import time

import pytest

from executions.models import Attempt, Execution, Workflow
from tests.engine.texts import call, get, tasks
from tests.settings import TEST_DATABASE
from tests.troubles import locked
from tests.waiting import until

pytestmark = [pytest.mark.database, pytest.mark.processes]

HELD_SECONDS = 13.0
EXECUTIONS, STEPS = "executions_execution", "executions_step"
# What a session may do that keeps our writes out; SQLite has one lock for all of it.
LOCKS = {
    "everything is locked": [f"LOCK TABLE {EXECUTIONS}, {STEPS}, executions_process IN ACCESS EXCLUSIVE MODE"],
    "a table is altered": [f"ALTER TABLE {STEPS} ADD COLUMN more text"],
    "an index is made": [f"CREATE INDEX more ON {EXECUTIONS} (name)"],
    "the rows are locked": [f"SELECT 1 FROM {EXECUTIONS} FOR UPDATE", "SELECT 1 FROM executions_process FOR UPDATE"],
}
every_lock = pytest.mark.parametrize(
    "lock", LOCKS.values() if TEST_DATABASE == "postgres" else [LOCKS["everything is locked"]],
    ids=LOCKS if TEST_DATABASE == "postgres" else ["SQLite"],
)  # fmt: skip
on_postgres = pytest.mark.skipif(TEST_DATABASE != "postgres", reason="locks of rows and tables are PostgreSQL's")


def hold(seconds: float) -> None:
    """Let time pass: what is tried is how long a lock is held, not a moment that could be waited for."""
    time.sleep(seconds)


def all_end(executions: list[Execution], seconds: float = 90.0) -> None:
    ids = [execution.pk for execution in executions]

    def ended() -> bool:
        return Execution.objects.filter(pk__in=ids, phase="COMPLETED").count() == len(ids)

    try:
        until(ended, what="all are completed", seconds=seconds)
    except AssertionError:
        stand = Execution.objects.filter(pk__in=ids).values_list("slug", "phase", "waiting_for", "failure_reason")
        raise AssertionError(sorted(stand)) from None


@every_lock
def test_twenty_calls_whose_answers_come_while_it_is_locked_are_made_once_and_written(
    worker, begin, gated, log, tmp_path, lock
):
    process = worker(STIGMER_FUNCTION_PROCESSES=5)
    gate, ledger = tmp_path / "gate", tmp_path / "ledger"
    url = f"{gated.url}/gated"
    function = call("note_when_open", ledger=str(ledger), line="once", gate=str(gate))
    after = call("rename_when_open", slug="target", name="!", gate=str(gate))
    executions = [begin(tasks(a=get(f"{url}?plain={n}"), b="{set: {n: 1}}"), name=f"p{n}") for n in range(5)]
    executions += [
        begin(tasks(a=get(f"{url}?once={n}", "metadata: {effect: at_most_once}")), name=f"o{n}") for n in range(5)
    ]
    executions += [begin(tasks(a=function), name=f"f{n}") for n in range(5)]
    executions += [begin(tasks(a=get(f"{url}?then={n}"), b=after), name=f"t{n}") for n in range(5)]
    named = Workflow.objects.filter(pk=executions[0].workflow_id)
    named.update(slug="target", name="")
    until(lambda: gated.inside == 15, what="the calls are under way")
    until(lambda: Execution.objects.filter(current_step__endswith="a").count() == 20, what="all of them have begun")
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
    assert set(Execution.objects.exclude(workflow__name__startswith="f").values_list("token", flat=True)) == {1}
    assert not Attempt.objects.exists()
    assert process.poll() is None
    # It says that it is kept waiting and that it is no longer, not each time that it tries.
    assert len(log.read_text().splitlines()) < 120, log.read_text()
