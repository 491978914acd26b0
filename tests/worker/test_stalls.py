"""Attempts that show no progress, in real workers: their owner is told once, and what a person says
to it is done.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from executions import clock
from executions.errors import Refused
from executions.models import Attempt, Event, Execution, Notification, Stall, Step
from executions.states import Phase, StepStatus
from executions.verbs.deciding import stalled
from tests.driving.texts import call, get, listed, tasks
from tests.waiting import until
from tests.worker.server import GatedServer

pytestmark = [pytest.mark.database, pytest.mark.processes]
STALLS = {"executions.driving.attempts.stalls.STALL_SECONDS": 1}
LONG = "attemptTimeout: PT600S"
Begin = Callable[..., Execution]


def told() -> int:
    return Event.objects.filter(name="WORKFLOW_STEP_STALLED").count()


def stalls(number: int = 1) -> None:
    until(lambda: told() == number, what="its owner is told")


def gate(gated: GatedServer, more: str = "") -> str:
    return get(f"{gated.url}/gated", f"metadata: {{{LONG}{more}}}")


def test_an_attempt_that_is_broken_off_goes_again(
    worker: Any, begin: Begin, ends: Any, gated: GatedServer, alice: User
) -> None:
    worker(turned=STALLS)
    execution = begin(tasks(a=gate(gated), b="{set: {n: 2}}"))
    stalls()
    notice = Notification.objects.filter(user=alice).unread().get()
    assert notice.event.name == "WORKFLOW_STEP_STALLED"
    assert stalled.break_off(execution.pk, alice) == Phase.IN_PROGRESS
    until(lambda: len(gated.seen) == 2, what="the call is made again")
    gated.gate.set()
    assert ends(execution).output == {"n": 2}
    first, second = Attempt.objects.order_by("number")
    assert (first.outcome, second.outcome) == ("lost", "succeeded")
    assert "a person had it broken off" in first.rule
    assert not Notification.objects.filter(user=alice).unread().exists()


def test_what_may_happen_only_once_asks_a_person(
    worker: Any, begin: Begin, ends: Any, gated: GatedServer, alice: User
) -> None:
    worker(turned=STALLS)
    execution = begin(tasks(a=gate(gated, ", effect: at_most_once")))
    stalls()
    stalled.break_off(execution.pk, alice)
    asks = Execution.objects.filter(pk=execution.pk, phase=Phase.WAITING, waiting_for="decision")
    until(asks.exists, what="it waits for a person")
    assert len(gated.seen) == 1


def test_of_branches_the_one_that_is_silent_goes_again_alone(
    worker: Any, begin: Begin, ends: Any, gated: GatedServer, alice: User
) -> None:
    worker(turned=STALLS)
    branches = listed(slow=gate(gated), quick=get(f"{gated.url}/echo"))
    execution = begin(tasks(both=f"{{fork: {{branches: {branches}}}}}", b="{set: {n: 2}}"))
    stalls()
    stalled.break_off(execution.pk, alice)
    until(
        lambda: [request.path for request in gated.seen].count("/gated") == 2,
        what="the call is made again",
    )
    gated.gate.set()
    assert ends(execution).output == {"n": 2}
    assert [request.path for request in gated.seen].count("/echo") == 1


def test_who_keeps_waiting_is_told_again_once_it_takes_twice_as_long(
    worker: Any, begin: Begin, ends: Any, gated: GatedServer, alice: User
) -> None:
    worker(turned=STALLS)
    execution = begin(tasks(a=gate(gated), b="{set: {n: 2}}"))
    stalls()
    first = Stall.objects.get()
    stalled.keep_waiting(execution.pk, alice)
    stalls(2)
    again = Stall.objects.get()
    assert again.told_at - first.told_at >= first.told_at - first.began_at
    assert again.quiet_until is None
    gated.gate.set()
    assert ends(execution).output == {"n": 2}
    assert Step.objects.get(path="/a").attempt == 1
    assert not Notification.objects.filter(user=alice).unread().exists()
    with pytest.raises(Refused, match="It is COMPLETED"):
        stalled.break_off(execution.pk, alice)


def test_who_waits_on_may_have_it_broken_off_all_the_same(
    worker: Any, begin: Begin, ends: Any, gated: GatedServer, alice: User
) -> None:
    worker(turned=STALLS)
    execution = begin(tasks(a=gate(gated), b="{set: {n: 2}}"))
    stalls()
    stalled.keep_waiting(execution.pk, alice)
    Stall.objects.update(quiet_until=clock.now() + timedelta(hours=1))
    stalled.break_off(execution.pk, alice)
    until(lambda: len(gated.seen) == 2, what="the call is made again")
    gated.gate.set()
    assert ends(execution).output == {"n": 2}


def test_a_function_in_a_thread_says_that_it_cannot_be_broken_off(
    worker: Any, begin: Begin, ends: Any, alice: User, tmp_path: Any
) -> None:
    worker(turned=STALLS)
    path = tmp_path / "gate"
    book = str(tmp_path / "book")
    held = call("gated", f"metadata: {{{LONG}}}", ledger=book, line="a", gate=str(path))
    execution = begin(tasks(a=held, b="{set: {n: 2}}"))
    stalls()
    with pytest.raises(Refused, match="cannot be broken off"):
        stalled.break_off(execution.pk, alice)
    path.touch()
    assert ends(execution).output == {"n": 2}


def test_waiting_on_purpose_is_no_stall(
    worker: Any, begin: Begin, ends: Any, gated: GatedServer
) -> None:
    worker(turned=STALLS)
    silent = begin(tasks(a="{wait: {seconds: 3}}"), name="timer")
    near = begin(tasks(a=get(f"{gated.url}/gated")), name="near")
    until(lambda: gated.inside == 1, what="the call is under way")
    ends(silent)
    gated.gate.set()
    ends(near)
    assert told() == 0 and not Stall.objects.exists()
    assert Step.objects.filter(status=StepStatus.SUCCEEDED).count() == 2
