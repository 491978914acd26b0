"""What is asked while a call runs stops the run at the outcome of that call, before anything
else.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import pytest

from executions.driving.chain import verify
from executions.driving.store import Here
from executions.errors import Refused
from executions.models import Attempt, Execution, Step, Workflow
from executions.states import Phase, StepStatus
from executions.verbs.deciding import control
from tests.driving.functions import KEPT
from tests.driving.texts import call, listed, tasks
from tests.verbs.deciding.test_control import drive_with

pytestmark = [pytest.mark.database, pytest.mark.django_db]
ASK = call("kept", line="asks")
PURE = "{set: {n: 1}}"
FAILS = call("kept", line="fails", fails=9, lasting=True)
DURING = 3
"""The number of the transaction after a first call: after the claim, and that in which it begins."""
T = TypeVar("T")


class Asking:
    """Does things in another's name right before the transactions of these numbers."""

    def __init__(self, acts: dict[int, Callable[[], object]]) -> None:
        self.count = 0
        self.refused = 0
        self._acts = acts

    def call(self, work: Callable[[], T]) -> T:
        self.count += 1
        try:
            self._acts.get(self.count, int)()
        except Refused:
            self.refused += 1
        return Here().call(work)


@pytest.fixture(autouse=True)
def nothing_was_called() -> None:
    KEPT.clear()


AFTER = {
    "pure tasks": tasks(a=ASK, b=PURE, c=PURE),
    "the end of a block": tasks(outer=f"{{do: {listed(a=ASK)}}}", b=PURE),
    "the end of a loop": tasks(loop=f"{{for: {{in: '${{ [1] }}'}}, do: {listed(a=ASK)}}}", b=PURE),
    "another call": tasks(a=ASK, b=call("kept", line="never")),
    "a wait": tasks(a=ASK, b="{wait: {hours: 1}}"),
    "pure tasks and a wait": tasks(a=ASK, b=PURE, c="{wait: {hours: 1}}"),
    "a switch": tasks(a=ASK, b="{switch: [{x: {then: c}}]}", c=PURE),
    "nothing": tasks(a=ASK),
    "what a catch does": (
        "do: " + f"[{{guard: {{try: {listed(a=FAILS)}, catch: {{do: {listed(b=PURE)}}}}}}}]\n"
    ),
    "another try": (
        "do: "
        + f"[{{guard: {{try: {listed(a=FAILS, b=PURE)}, "
        + "catch: {retry: {delay: {milliseconds: 0}, limit: {attempt: {count: 1}}}}}}]\n"
    ),
    "a call inside a try": (
        "do: " + f"[{{guard: {{try: {listed(a=ASK, b=PURE)}, catch: {{do: {listed(c=PURE)}}}}}}}]\n"
    ),
}


@pytest.fixture
def asking(begin, alice):
    """``asking(verb, tasks)``: drive it; ``verb`` comes while its first call runs."""

    def driven(verb: Any, text: str) -> Execution:
        execution = begin(text)
        store = Asking({DURING: partial(verb, execution.pk, alice)})
        execution = drive_with(execution, store)
        assert not store.refused
        return execution

    return driven


@pytest.mark.parametrize("after", AFTER)
def test_a_pause_asked_during_a_call_stops_before_anything_else(asking, after):
    execution = asking(control.pause, AFTER[after])
    assert execution.phase == Phase.PAUSED, execution.failure_reason
    begun = {path.rsplit("/", 1)[-1] for path in Step.objects.values_list("path", flat=True)}
    assert not begun & {"b", "c", "@1"}
    assert Step.objects.get(name="a").status in (StepStatus.SUCCEEDED, StepStatus.FAILED)
    assert verify(execution) is None
    assert (execution.pause_asked_at, execution.cancel_asked_at) == (None, None)


@pytest.mark.parametrize("after", AFTER)
def test_and_when_it_is_resumed_everything_goes_on_once(asking, drive, alice, after, later):
    execution = asking(control.pause, AFTER[after])
    control.resume(execution.pk, alice)
    execution = drive(execution)
    if execution.phase == Phase.WAITING:
        later(3700)
        execution = drive(execution)
    wanted = Phase.FAILED if after == "another try" else Phase.COMPLETED
    assert (execution.phase, verify(execution)) == (wanted, None)
    assert not Attempt.objects.filter(outcome="lost").exists()


@pytest.mark.parametrize("after", AFTER)
def test_a_cancel_asked_during_a_call_stops_before_anything_else(asking, after):
    execution = asking(control.cancel, AFTER[after])
    assert execution.phase == Phase.CANCELLED
    begun = {path.rsplit("/", 1)[-1] for path in Step.objects.values_list("path", flat=True)}
    assert not begun & {"b", "c", "@1"}
    assert not Step.objects.filter(finished_at=None).exists()
    assert verify(execution) is None
    names = [event.name for event in execution.events.order_by("seq")]
    assert names == ["WORKFLOW_STARTED", "WORKFLOW_CANCELLED"]


def test_a_run_that_fails_at_its_last_call_has_failed_though_a_pause_was_asked(asking):
    execution = asking(control.pause, tasks(a=FAILS, b=PURE))
    assert (execution.phase, execution.pause_asked_at) == (Phase.FAILED, None)


def test_and_is_cancelled_where_that_was_asked(asking):
    execution = asking(control.cancel, tasks(a=FAILS, b=PURE))
    assert execution.phase == Phase.CANCELLED
    assert Step.objects.get(path="/a").status == StepStatus.FAILED
    assert not execution.events.filter(name="WORKFLOW_STEP_FAILED").exists()


def test_a_cancel_that_comes_as_it_is_being_paused_is_not_lost(begin, alice):
    execution = begin(tasks(a=ASK, b=PURE))
    pause = partial(control.pause, execution.pk, alice)
    # The move that finds something asked, the look, the outcome; then the pause.
    store = Asking({DURING: pause, DURING + 3: partial(control.cancel, execution.pk, alice)})
    execution = drive_with(execution, store)
    assert (execution.phase, store.refused) == (Phase.CANCELLED, 0)


TEXT = tasks(
    a=PURE,
    x=call("kept", line="x"),
    outer=f"{{do: {listed(y=call('rename', slug='one', name='+'))}}}",
    z=call("kept", line="z"),
)


@pytest.mark.parametrize("verb", [control.pause, control.cancel])
def test_at_no_moment_is_a_call_that_was_never_begun_shown_as_retrying(begin, alice, verb):
    at = stopped = 0
    while True:
        at += 1
        execution = begin(TEXT)
        Workflow.objects.update(name="one")
        store = Asking({at: partial(verb, execution.pk, alice)})
        execution = drive_with(execution, store)
        if store.count < at:
            break
        steps = Step.objects.filter(execution=execution)
        assert not steps.filter(status=StepStatus.RETRYING).exists(), at
        assert verify(execution) is None
        if execution.phase == Phase.PAUSED:
            stopped += 1
            assert not steps.filter(status=StepStatus.RUNNING, kind="call").exists(), at
            control.resume(execution.pk, alice)
            execution = drive_with(execution, Here())
            assert execution.phase == Phase.COMPLETED
            assert Workflow.objects.get().name == "one+"
        assert not Attempt.objects.filter(step__execution=execution).exists()
    assert verb is control.cancel or stopped > 3


def test_what_was_cancelled_while_it_ran_may_have_happened(begin, alice):
    """A person who takes the cancel back later is asked, where it may happen only once."""
    execution = begin(tasks(a=call("kept_once", line="a", fails=9)))

    def cancelled_at_once() -> None:
        control.cancel(execution.pk, alice)

    drive_with(execution, Asking({DURING: cancelled_at_once}))
    step = Step.objects.get(path="/a")
    assert step.status in (StepStatus.CANCELLED, StepStatus.FAILED)
    assert step.control.get("outcome_unknown") or step.control["outcome"] == "unknown"
