"""Bulk runs as a worker carries them out: in turn, once each, taken back or stopped by themselves."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User

from executions.bulk import beginning, driving
from executions.bulk.beginning import Chosen, Order
from executions.bulk.driving import Driving
from executions.driving.chain import verify
from executions.models import AuditEntry, BulkRun, Execution, Process
from executions.states import Phase, StepStatus
from executions.verbs.calls import carry_out
from executions.verbs.rows import VERBS

pytestmark = [pytest.mark.django_db, pytest.mark.database]
Begin = Callable[..., Execution]
Drive = Callable[[Execution], Execution]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test waits for a rate."""
    monkeypatch.setattr("executions.bulk.beginning.MOST_PER_SECOND", 1_000_000.0)
    monkeypatch.setattr("executions.bulk.beginning.START_PER_SECOND", 1_000_000.0)


def ordered(actor: User, runs: list[Execution], verb: str = "retry") -> BulkRun:
    chosen = [Chosen(run.pk, run.head_seq) for run in runs]
    order = Order(VERBS[verb], "these", runs[0].cause, reason="the till was filled")
    return beginning.begin(actor, order, chosen)


def driven(process: Process, steps: int = 1_000) -> None:
    worker = Driving(process.pk, lambda: False)
    for _ in range(steps):
        if not worker.step():
            return


def test_each_run_goes_through_the_verb_once_with_reason_and_audit(
    begin: Begin, drive: Drive, alice: User, process: Process
) -> None:
    runs = [drive(begin(fails="no funds")) for _ in range(3)]
    bulk = ordered(alice, runs)
    driven(process)
    bulk.refresh_from_db()
    assert (bulk.phase, bulk.counts()["DONE"]) == ("COMPLETED", 3)
    entries = AuditEntry.objects.filter(verb="retry", reason="the till was filled")
    assert entries.count() == 3
    assert {entry.correlation_id for entry in entries} == {bulk.public_id}
    assert {run.phase for run in Execution.objects.all()} == {Phase.PENDING}


def test_a_run_that_moved_on_since_is_left_and_says_so(
    begin: Begin, drive: Drive, alice: User, process: Process
) -> None:
    runs = [drive(begin(fails="no funds")) for _ in range(2)]
    bulk = ordered(alice, runs)
    Execution.objects.filter(pk=runs[0].pk).update(head_seq=runs[0].head_seq + 1)
    driven(process)
    counts = bulk.counts()
    assert (counts["DONE"], counts["REFUSED"]) == (1, 1)
    assert "It was at" in bulk.items.get(execution=runs[0]).said


def test_rights_are_those_at_the_turn_of_each_run(
    begin: Begin, drive: Drive, alice: User, process: Process
) -> None:
    bulk = ordered(alice, [drive(begin(fails="no funds"))])
    User.objects.filter(pk=alice.pk).update(is_active=False)
    driven(process)
    assert bulk.counts()["REFUSED"] == 1


def test_what_one_worker_began_another_one_ends(
    begin: Begin, drive: Drive, alice: User, process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driving, "MOST_IN_A_BATCH", 1)
    runs = [drive(begin(fails="no funds")) for _ in range(3)]
    bulk = ordered(alice, runs)
    worker = Driving(process.pk, lambda: False)
    while not bulk.counts()["DONE"]:
        worker.step()
    other = Process.objects.create(kind="worker", host="test", pid=2, slots=1)
    # It is in the hands of the first one, as long as that lives.
    assert not Driving(other.pk, lambda: False).step()
    Process.objects.filter(pk=process.pk).update(dead_at="2026-01-01T00:00:00Z")
    driven(other)
    assert bulk.counts()["DONE"] == 3
    assert all(run.events.filter(name="WORKFLOW_RETRIED").count() == 1 for run in runs)


def test_a_crash_in_the_middle_of_an_item_leaves_it_to_be_done(
    begin: Begin, drive: Drive, alice: User, process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = drive(begin(fails="no funds"))
    bulk = ordered(alice, [run])

    class Killed(BaseException):
        pass

    def killed(*args: Any, **more: Any) -> None:
        raise Killed

    with monkeypatch.context() as broken, pytest.raises(Killed):
        # After the verb, before the commit of its item.
        broken.setattr("executions.bulk.driving.BulkItem.save", killed)
        driven(process)
    assert Execution.objects.get(pk=run.pk).phase == Phase.FAILED
    assert bulk.counts()["WAITING"] == 1
    driven(process)
    assert bulk.counts()["DONE"] == 1


def test_undo_takes_back_what_no_worker_has_begun(
    begin: Begin, drive: Drive, alice: User, process: Process
) -> None:
    runs = [drive(begin(fails="no funds", optional=True)) for _ in range(3)]
    bulk = ordered(alice, runs, "skip")
    driven(process)
    began = drive(runs[0])
    assert began.phase == Phase.COMPLETED
    bulk.refresh_from_db()
    assert driving.stop(bulk, alice)
    driven(process)
    bulk.refresh_from_db()
    assert bulk.said == "2 were taken back, 1 had begun, 0 were not tried."
    for run in runs[1:]:
        again = Execution.objects.get(pk=run.pk)
        same = ("phase", "failure_reason", "cause", "failed_at", "error", "current_step")
        assert [getattr(again, name) for name in same] == [getattr(run, name) for name in same]
        assert verify(again) is None
        assert again.steps.standing().get(name="charge").status == StepStatus.FAILED


@pytest.mark.parametrize("verb", ["retry", "recover", "skip"])
def test_what_was_taken_back_can_be_done_again(
    begin: Begin, drive: Drive, alice: User, process: Process, verb: str
) -> None:
    run = drive(begin(fails="no funds", optional=True))
    bulk = ordered(alice, [run], verb)
    driven(process)
    driving.stop(bulk, alice)
    driven(process)
    again = Execution.objects.get(pk=run.pk)
    assert (again.phase, verify(again)) == (Phase.FAILED, None)
    ordered(alice, [again], "skip")
    driven(process)
    ended = drive(again)
    assert (ended.phase, verify(ended)) == (Phase.COMPLETED, None)


def test_what_was_not_tried_is_left_where_it_is_stopped(
    begin: Begin, drive: Drive, alice: User, process: Process
) -> None:
    runs = [drive(begin(fails="no funds")) for _ in range(2)]
    bulk = ordered(alice, runs)
    driving.stop(bulk, alice)
    driven(process)
    assert bulk.counts()["LEFT"] == 2
    assert {run.phase for run in Execution.objects.all()} == {Phase.FAILED}


def test_it_stops_by_itself_where_the_same_cause_comes_back(
    begin: Begin, drive: Drive, alice: User, process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driving, "RETURNED_ENOUGH", 2)
    monkeypatch.setattr(driving, "MOST_IN_A_BATCH", 1)
    runs = [drive(begin(fails="no funds")) for _ in range(5)]
    bulk = ordered(alice, runs)
    worker = Driving(process.pk, lambda: False)
    while bulk.counts()["DONE"] < 2:
        worker.step()
    for run in runs[:2]:
        assert drive(run).phase == Phase.FAILED
    driving.review(bulk)
    bulk.refresh_from_db()
    assert (bulk.phase, bulk.counts()["LEFT"]) == ("HELD", 3)
    assert "2 failed again" in bulk.said and "3 were left alone" in bulk.said
    assert not worker.step()


def test_it_goes_faster_while_runs_get_past_where_they_stood(
    begin: Begin, drive: Drive, alice: User, process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = [drive(begin(fails="no funds", optional=True)) for _ in range(2)]
    bulk = ordered(alice, runs, "skip")
    monkeypatch.setattr("executions.bulk.beginning.MOST_PER_SECOND", 7.0)
    BulkRun.objects.filter(pk=bulk.pk).update(rate=2.0)
    for item in bulk.items.all():
        driving.try_item(bulk, item)
    for run in runs:
        drive(run)
    rates = []
    for _ in range(3):
        bulk.refresh_from_db()
        rates.append(bulk.rate)
        driving.review(bulk)
    assert rates == [2.0, 4.0, 7.0]


def test_an_unknown_process_id_is_no_worker(alice: User) -> None:
    assert BulkRun.objects.take(uuid.uuid4()) is None


def test_a_fault_at_one_run_keeps_no_other_one_waiting(
    begin: Begin, drive: Drive, alice: User, process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = [drive(begin(fails="no funds")) for _ in range(3)]
    bulk = ordered(alice, runs)

    def breaks(verb: Any, key: Any, *arguments: Any, **more: Any) -> Any:
        if key == runs[1].pk:
            raise ZeroDivisionError
        return carry_out(verb, key, *arguments, **more)

    monkeypatch.setattr("executions.bulk.driving.carry_out", breaks)
    driven(process)
    bulk.refresh_from_db()
    counts = bulk.counts()
    assert (bulk.phase, counts["DONE"], counts["REFUSED"]) == ("COMPLETED", 2, 1)
    assert bulk.items.get(execution=runs[1]).said == driving.FAULT
