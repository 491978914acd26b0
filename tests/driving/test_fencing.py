"""Two drivers of one execution: who lost the lease writes nothing any more."""

from __future__ import annotations

import threading
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from executions.driving.attempts.running import Running
from executions.driving.driver import advance
from executions.driving.lease import claim
from executions.driving.store import Here
from executions.journal.records import AttemptRecord, EventRecord, StepRecord
from executions.models import Event, Execution, Process, Step
from executions.models.move import Lease, Move
from executions.models.moves import apply
from executions.states import Phase
from tests.driving.conftest import new_process
from tests.driving.texts import call, get, tasks
from tests.waiting import until

pytestmark = [pytest.mark.database, pytest.mark.django_db]


def stale_move(execution: Execution, token: int) -> Move:
    now = timezone.now()
    step = StepRecord("/stale", "stale", "set", finished_at=now, started_at=now)
    return Move(
        execution.pk,
        Lease(token),
        steps=[step],
        attempts=[AttemptRecord(step.id, 1, "failed", now, now)],
        events=[EventRecord("STALE", notify_owner=True)],
    ).to(Phase.COMPLETED)


def test_an_execution_is_taken_by_one_process_only(begin, process):
    execution = begin("do: [{a: {set: {n: 1}}}]")
    assert claim(execution.pk, process.pk) is not None
    assert claim(execution.pk, new_process().pk) is None


def test_a_stale_token_writes_nothing(begin, process):
    execution = begin("do: [{a: {set: {n: 1}}}]")
    first = claim(execution.pk, process.pk)
    process.declare_dead("for a test")
    second = claim(execution.pk, new_process().pk)
    assert first is not None and second is not None
    assert second.token == first.token + 1
    before = Execution.objects.values().get()
    assert apply(stale_move(execution, first.token)) is None
    assert Execution.objects.values().get() == before
    assert not Step.objects.filter(path="/stale").exists()
    assert not Event.objects.filter(name="STALE").exists()


def test_an_execution_that_was_moved_on_is_closed_to_its_last_driver(begin, process, drive):
    execution = begin("do: [{a: {set: {n: 1}}}]")
    execution = drive(execution)
    assert apply(stale_move(execution, execution.token)) is None
    assert not Step.objects.filter(path="/stale").exists()


@pytest.mark.django_db(transaction=True)
def test_a_driver_that_comes_back_late_writes_nothing(begin, server):
    """The first driver waits in its call while it is declared dead and a second one finishes the
    execution.
    """
    execution = begin(tasks(a=get(f"{server.url}/hang")))
    first = new_process()
    running = Running()
    thread = threading.Thread(target=drive_in_thread, args=(execution, first, running))
    thread.start()
    server.arrived.acquire(timeout=60)
    first.declare_dead("for a test")
    # The second driver has another idea of the address: a retry with edited arguments would do the
    # same.
    Step.objects.filter(path="/a").update(
        arguments={"method": "get", "endpoint": f"{server.url}/echo"}
    )
    assert advance(execution.pk, process_id=new_process().pk, store=Here(), running=Running())
    done = Execution.objects.values().get()
    assert done["phase"] == Phase.COMPLETED
    running.cancel_all()
    thread.join(30)
    assert Execution.objects.values().get() == done
    assert Step.objects.get(path="/a").status == "SUCCEEDED"


def drive_in_thread(execution: Execution, process: object, running: Running) -> None:
    try:
        advance(execution.pk, process_id=process.pk, store=Here(), running=running)  # type: ignore[attr-defined]
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_of_many_drivers_at_once_one_gets_the_execution(begin, ledger):
    execution = begin(tasks(a=call("note", ledger=str(ledger.path), line="a")))
    together = threading.Barrier(6, timeout=60)
    got: list[bool] = []

    def race(process: Process) -> None:
        together.wait()
        try:
            take = partial(advance, execution.pk, process_id=process.pk, running=Running())
            got.append(take(store=Here()))
        finally:
            connection.close()

    threads = [threading.Thread(target=race, args=(new_process(),)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == [False] * 5 + [True]
    assert ledger.done() == ["a"]
    until(lambda: Execution.objects.get().phase == Phase.COMPLETED, what="it is completed")


CHECKS: dict[str, dict[str, Any]] = {
    "an unknown phase": {"phase": "DREAMING"},
    "in progress without a process": {"phase": "IN_PROGRESS", "process_id": None},
    "waiting for nothing": {"phase": "WAITING", "wake_at": None, "waiting_for": ""},
    "pending and never due": {"phase": "PENDING", "wake_at": None},
    "of no kind": {"workflow_id": None},
}


@pytest.mark.parametrize("name", CHECKS)
def test_the_database_refuses(begin, name):
    begin("do: [{a: {set: {n: 1}}}]")
    with pytest.raises(IntegrityError), transaction.atomic():
        Execution.objects.update(**CHECKS[name])


def test_one_path_stands_once_and_one_seq_is_given_once(begin, drive):
    execution = drive(begin("do: [{a: {set: {n: 1}}}, {b: {set: {n: 1}}}]"))
    with pytest.raises(IntegrityError), transaction.atomic():
        Step.objects.create(execution=execution, path="/a", name="a", kind="set", status="RUNNING")
    with pytest.raises(IntegrityError), transaction.atomic():
        Step.objects.create(
            execution=execution,
            path="/c",
            name="c",
            kind="set",
            status="RUNNING",
            seq=Step.objects.get(path="/a").seq,
        )
