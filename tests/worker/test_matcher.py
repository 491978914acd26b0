"""Workers look who listens: at a bell, without one, and after one of them was killed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User

from executions import dispatch
from executions.inbound import keeping
from executions.intake.apply import apply_definition
from executions.intake.start import start
from executions.models import CloudEvent, Delivery, Execution, Process, Turn
from executions.states import Phase
from executions.worker.matcher import TURN
from tests.driving.texts import tasks
from tests.waiting import until
from tests.worker.conftest import HEAD, Start

pytestmark = [pytest.mark.database, pytest.mark.processes]
LISTENS = tasks(
    hear=(
        "{listen: {to: {one: {with: {type: order, data: '${ .n > 0 }'}, correlate: {id: {from:"
        " .data.id, expect: '${ .id }'}}}}}}"
    )
)


def come(owner: User, id_: int) -> None:
    data: dict[str, Any] = {"id": id_, "n": 1}
    event = {"specversion": "1.0", "type": "order", "source": "/s", "id": str(id_), "data": data}
    keeping.keep([event], owner.pk)


def listens(execution: Execution) -> Callable[[], bool]:
    rows = Execution.objects.filter(pk=execution.pk, phase=Phase.WAITING, waiting_for="an event")
    return rows.exists


def completed() -> int:
    return Execution.objects.filter(phase=Phase.COMPLETED).count()


def has_completed(count: int) -> bool:
    return completed() == count


def test_each_of_many_runs_hears_its_event(worker: Start, begin: Any, alice: User) -> None:
    worker()
    runs = [begin(LISTENS, {"id": number}, name=f"r{number}") for number in range(8)]
    come(alice, 3)
    until(lambda: completed() == 1, what="the run whose event came early has ended")
    waiting = [run for number, run in enumerate(runs) if number != 3]
    for run in waiting:
        until(listens(run), what="a run listens")
    for number in range(8):
        come(alice, number)
    until(lambda: completed() == 8, what="all have heard their event")
    assert Delivery.objects.filter(consumed_at__isnull=False).count() == 8
    for number, run in enumerate(runs):
        assert Execution.objects.get(pk=run.pk).output == [{"id": number, "n": 1}]


def test_an_event_without_a_bell_is_heard(
    worker: Start, begin: Any, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker()
    execution = begin(LISTENS, {"id": 1})
    until(listens(execution), what="the run listens")
    monkeypatch.setattr(dispatch, "ring_for_events", lambda: None)
    come(alice, 1)
    until(lambda: completed() == 1, what="the run has heard it")


def test_what_a_killed_worker_did_not_do_another_does(
    worker: Start, begin: Any, alice: User
) -> None:
    first = worker()
    runs = [begin(LISTENS, {"id": number}, name=f"r{number}") for number in range(6)]
    for run in runs:
        until(listens(run), what="a run listens")
    for number in range(6):
        come(alice, number)
    first.kill()
    first.wait()
    worker()
    until(lambda: completed() == 6, what="all have heard their event")
    assert Process.objects.filter(dead_at__isnull=False).count() == 1
    assert CloudEvent.objects.filter(matched_at=None).count() == 0
    taken = Delivery.objects.filter(consumed_at__isnull=False)
    assert taken.count() == taken.values("event", "step").distinct().count() == 6


def test_an_expression_that_does_not_end_keeps_nobody_else_waiting(
    worker: Start, begin: Any, alice: User
) -> None:
    worker()
    bob = User.objects.create_user("bob")
    endless = HEAD % "endless" + tasks(
        hear="{listen: {to: {one: {with: {type: order, data: '${ def f: f; f }'}}}}}"
    )
    stuck = start(apply_definition(endless, bob).workflow, bob, input={})
    execution = begin(LISTENS, {"id": 1})
    for each in (stuck, execution):
        until(listens(each), what="a run listens")
    for number in range(100, 140):
        come(bob, number)
    come(alice, 1)
    until(lambda: completed() == 1, what="the run of the other owner has heard it")
    assert CloudEvent.objects.filter(owner=bob, matched_at=None).exists()
    assert Execution.objects.get(pk=stuck.pk).phase == Phase.WAITING


def test_of_two_workers_one_matches_and_the_other_goes_on_where_it_died(
    worker: Start, begin: Any, alice: User
) -> None:
    running = [worker(), worker()]
    for number in range(3):
        listening = begin(LISTENS, {"id": number}, name=f"r{number}")
        until(listens(listening), what="the run listens")
        come(alice, number)
        until(partial(has_completed, number + 1), what="the run has heard its event")
        turn = Turn.objects.get(name=TURN)
        assert turn.holder is not None
        if number == 1:
            by_pid = {each.pid: each for each in running}
            holder = by_pid[turn.holder.pid]
            holder.kill()
            holder.wait()
            dead = turn.holder_id
    assert turn.holder_id != dead
