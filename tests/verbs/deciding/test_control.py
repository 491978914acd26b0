"""Cancel, pause, resume and terminate, at every moment of an execution's life."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import pytest

from executions.driving.attempts.running import Running
from executions.driving.chain import verify
from executions.driving.driver import advance
from executions.driving.store import Here
from executions.errors import Refused
from executions.models import Attempt, Event, Execution, Step, Workflow
from executions.states import Phase, StepStatus
from executions.verbs.deciding import control
from tests.driving.conftest import new_process
from tests.driving.texts import call, listed, tasks

pytestmark = [pytest.mark.database, pytest.mark.django_db]
T = TypeVar("T")


class Interfering:
    """Does something in another's name right before or after the n-th transaction."""

    def __init__(self, at: int, act: Callable[[], object]) -> None:
        self.count = 0
        self._at, self._act = at, act
        self.refused: Refused | None = None

    def call(self, work: Callable[[], T]) -> T:
        self.count += 1
        if self.count == self._at:
            try:
                self._act()
            except Refused as refusal:
                self.refused = refusal
        return Here().call(work)


def drive_with(execution: Execution, store: Any) -> Execution:
    process = new_process()
    while advance(execution.pk, process_id=process.pk, store=store, running=Running()):
        pass
    return Execution.objects.get(pk=execution.pk)


def workflow(ledger: Any) -> str:
    book = str(ledger.path)
    loop = f"{{for: {{in: '${{ [1, 2] }}'}}, do: {listed(b=call('note', ledger=book, line='b'))}}}"
    return tasks(
        a=call("note", ledger=book, line="a"),
        loop=loop,
        w="{wait: {milliseconds: 1}}",
        c=call("rename", slug="one", name="+"),
        d=call("note_once", ledger=book, line="d"),
    )


def every_moment(begin: Any, ledger: Any, verb: Any, actor: Any) -> Any:
    """One execution for each transaction at which ``verb`` can come, driven as far as it goes."""
    at = 0
    while True:
        at += 1
        ledger.path.unlink(missing_ok=True)
        execution = begin(workflow(ledger))
        store = Interfering(at, partial(verb, execution.pk, actor))
        execution = drive_with(execution, store)
        while execution.phase == Phase.WAITING and execution.waiting_for == "timer":
            execution = drive_with(execution, store)
        if store.count < at:
            break
        yield execution, store
    assert at > 6


class Following:
    """Does something in another's name right after the n-th transaction."""

    def __init__(self, at: int, act: Callable[[], object]) -> None:
        self.count = 0
        self._at, self._act = at, act

    def call(self, work: Callable[[], T]) -> T:
        self.count += 1
        result = Here().call(work)
        if self.count == self._at:
            self._act()
        return result


def test_a_pause_before_a_transactional_function_is_no_lost_attempt(begin, alice):
    execution = begin(tasks(a=call("rename", slug="one", name="+")))
    # The claim, then the begin; the function has a transaction of its own.
    execution = drive_with(execution, Following(2, partial(control.pause, execution.pk, alice)))
    assert (execution.phase, Workflow.objects.get().name) == (Phase.PAUSED, "one")
    assert Step.objects.get(path="/a").status == StepStatus.WAITING
    control.resume(execution.pk, alice)
    assert drive_with(execution, Here()).phase == Phase.COMPLETED
    assert not Attempt.objects.exists()


def test_cancel_at_every_moment_ends_cancelled_or_completed_and_nothing_open_stays(
    begin, ledger, alice
):
    phases = set()
    for execution, store in every_moment(begin, ledger, control.cancel, alice):
        phases.add(execution.phase)
        assert execution.phase in (Phase.CANCELLED, Phase.COMPLETED) or store.refused
        assert execution.ended_at is not None
        assert not execution.steps.filter(finished_at=None).exists()
        assert verify(execution) is None
    assert Phase.CANCELLED in phases


def test_pause_and_resume_at_every_moment_lose_nothing_and_do_nothing_twice(begin, ledger, alice):
    paused = 0
    for execution, store in every_moment(begin, ledger, control.pause, alice):
        if execution.phase == Phase.PAUSED:
            paused += 1
            done = ledger.lines()
            assert not drive_with(execution, Here()).process_id
            assert ledger.lines() == done
            control.resume(execution.pk, alice)
            execution = drive_with(execution, Here())
            while execution.phase == Phase.WAITING and execution.waiting_for == "timer":
                execution = drive_with(execution, Here())
        assert execution.phase == Phase.COMPLETED, (store.count, execution.waiting_for)
        assert ledger.done() == ["a", "b", "b", "d"]
        assert verify(execution) is None
    assert paused > 5


def test_terminate_at_every_moment_ends_it_at_once_and_its_driver_writes_nothing_more(
    begin, ledger, alice
):
    for execution, store in every_moment(begin, ledger, control.terminate, alice):
        assert execution.phase == (Phase.COMPLETED if store.refused else Phase.TERMINATED)
        assert not execution.steps.filter(finished_at=None).exists()
        assert verify(execution) is None
        last = execution.events.order_by("-seq").first()
        assert last is not None and last.name in ("WORKFLOW_TERMINATED", "WORKFLOW_COMPLETED")


def test_a_step_that_was_running_when_it_was_terminated_may_have_happened(begin, ledger, alice):
    execution = begin(tasks(a=call("note", ledger=str(ledger.path), line="a")))
    # Between the begin and the outcome.
    drive_with(execution, Interfering(3, lambda: control.terminate(execution.pk, alice)))
    step = Step.objects.get(path="/a")
    assert (step.status, step.control["outcome_unknown"]) == (StepStatus.CANCELLED, True)


@pytest.mark.parametrize(
    ("verb", "phases"),
    [
        (control.cancel, {"PENDING", "WAITING", "PAUSED"}),
        (control.pause, {"PENDING", "WAITING"}),
        (control.resume, {"PAUSED"}),
        (control.terminate, {"PENDING", "WAITING", "PAUSED"}),
    ],
    ids=["cancel", "pause", "resume", "terminate"],
)
def test_a_verb_is_refused_where_it_has_no_meaning_and_the_refusal_says_why(
    begin, drive, alice, verb, phases
):
    def make(phase: str) -> Execution:
        text = {
            "FAILED": "do: [{a: {raise: {error: {type: 'https://example.org/x', status: 400}}}}]",
            "COMPLETED": "do: [{a: {set: {n: 1}}}]",
        }.get(phase, "do: [{a: {wait: {hours: 1}}}]")
        execution = begin(text, name=f"w-{phase.lower()}")
        if phase != "PENDING":
            execution = drive(execution)
        for name, act in (
            ("PAUSED", control.pause),
            ("CANCELLED", control.cancel),
            ("TERMINATED", control.terminate),
        ):
            if phase == name:
                act(execution.pk, alice)
        return Execution.objects.get(pk=execution.pk)

    for phase in ("PENDING", "WAITING", "PAUSED", "COMPLETED", "FAILED", "CANCELLED", "TERMINATED"):
        execution = make(phase)
        assert execution.phase == phase
        if phase in phases:
            verb(execution.pk, alice)
            assert Execution.objects.get(pk=execution.pk).phase != phase
            continue
        with pytest.raises(Refused) as refusal:
            verb(execution.pk, alice)
        assert refusal.value.code == "wrong_phase"
        assert refusal.value.state == phase
        assert phase in refusal.value.message


def test_time_limits_do_not_run_during_a_pause(begin, drive, alice, later):
    execution = drive(
        begin("""timeout: {after: {minutes: 10}}
do: [{outer: {timeout: {after: {minutes: 5}}, do: [{w: {wait: {minutes: 2}}}, {b: {set: {n: 1}}}]}}]
""")
    )
    control.pause(execution.pk, alice)
    later(3600)
    control.resume(execution.pk, alice)
    execution = drive(execution)
    assert execution.phase == Phase.COMPLETED


def test_a_time_limit_still_holds_after_a_pause(begin, drive, alice, later):
    execution = drive(
        begin("do: [{outer: {timeout: {after: {minutes: 5}}, do: [{w: {wait: {hours: 9}}}]}}]")
    )
    control.pause(execution.pk, alice)
    later(3600)
    control.resume(execution.pk, alice)
    assert drive(execution).phase == Phase.WAITING
    later(301)
    execution = drive(execution)
    assert (execution.phase, execution.error["title"]) == (Phase.FAILED, "Timeout")


def test_retry_limits_do_not_run_during_a_pause(begin, drive, alice, later, ledger):
    task = call(
        "fails",
        "metadata: {retry: {delay: {seconds: 10}, limit: {duration: {minutes: 1}}}}",
        ledger=str(ledger.path),
        times=1,
    )
    guarded = call("fails", ledger=str(ledger.path), times=4)
    execution = drive(
        begin(f"""do:
- a: {task}
- guard: {{try: [{{b: {guarded}}}], catch: {{retry: {{delay: {{seconds: 10}}, limit: {{duration: {{minutes: 1}}}}}}}}}}
""")
    )
    for _ in range(3):
        assert (execution.phase, execution.waiting_for) == (Phase.WAITING, "back-off")
        control.pause(execution.pk, alice)
        later(3600)
        control.resume(execution.pk, alice)
        execution = drive(execution)
    assert execution.phase == Phase.COMPLETED


def test_pausing_twice_is_refused_and_changes_nothing(begin, drive, alice):
    execution = drive(begin("do: [{a: {wait: {hours: 1}}}]"))
    control.pause(execution.pk, alice)
    with pytest.raises(Refused):
        control.pause(execution.pk, alice)
    assert Event.objects.filter(name="WORKFLOW_PAUSED").count() == 1


def test_others_may_not_and_each_verb_is_an_event_with_its_actor(begin, drive, alice, bob):
    execution = drive(begin("do: [{a: {wait: {hours: 1}}}]"))
    for verb in (control.cancel, control.pause, control.terminate):
        with pytest.raises(Refused) as refusal:
            verb(execution.pk, bob)
        assert refusal.value.code == "forbidden"
    control.pause(execution.pk, alice)
    control.resume(execution.pk, alice)
    control.cancel(execution.pk, alice)
    names = Event.objects.filter(actor=alice).order_by("seq").values_list("name", flat=True)
    assert list(names) == ["WORKFLOW_PAUSED", "WORKFLOW_RESUMED", "WORKFLOW_CANCELLED"]
