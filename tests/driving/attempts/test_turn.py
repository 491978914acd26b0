"""Who waits for a process of functions does not run: nothing is begun, and no time limit counts
it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User

from executions import clock
from executions.calls.python import step as python
from executions.calls.python.functions import load_functions
from executions.driving.attempts import turn
from executions.driving.attempts.running import Running
from executions.driving.driver import advance
from executions.driving.store import Here
from executions.isolation import Seat
from executions.models import Attempt, Execution, Process, Step, in_line
from executions.recovery.violations import lost
from executions.states import Phase, StepStatus
from executions.verbs.deciding import control
from tests.driving.conftest import Ledger
from tests.waiting import until

MODULE = "tests.driving.process_functions"
ADD = "do:\n- add: {call: python, with: {function: tests.adds, arguments: {one: 1, other: 2}}}\n"
Begin = Callable[..., Execution]
Drive = Callable[[Execution], Execution]
Later = Callable[[float], None]
pytestmark = pytest.mark.database


@pytest.fixture(autouse=True)
def short_patience(patience_for_a_process: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits here waits in vain: the process is taken."""
    monkeypatch.setattr(turn, "IN_PLACE_SECONDS", 0.5)


@pytest.fixture(autouse=True)
def one_process(settings: object) -> Iterator[None]:
    load_functions([MODULE])
    python.configure(python.FunctionPool(modules=[MODULE], processes=1))
    settings.STIGMER_FUNCTION_MODULES = ["tests.driving.functions", MODULE]  # type: ignore[attr-defined]
    yield
    python.configure(python.FunctionPool())


@pytest.fixture
def taken(alice: User) -> Iterator[Seat]:
    """The only process for functions of alice's is taken until the seat is released."""
    found = python.seat("of the test", str(alice.pk), None, seconds=60)
    assert found is not None
    with found:
        yield found


def the_step(execution: Execution) -> Step:
    return Step.objects.tasks().get(execution=execution, kind="call")


def finished(drive: Drive, execution: Execution) -> Execution:
    """Driven again and again, as the safety net does, until it no longer waits."""

    def look() -> bool:
        Execution.objects.filter(pk=execution.pk, phase=Phase.WAITING).update(wake_at=clock.now())
        return drive(execution).phase != Phase.WAITING

    until(look, what="it no longer waits")
    return Execution.objects.get(pk=execution.pk)


def past_the_line(drive: Drive, execution: Execution) -> Execution:
    def look() -> bool:
        in_line.wake([execution.pk])
        return drive(execution).waiting_for != "function process"

    until(look, what="it had its process")
    return Execution.objects.get(pk=execution.pk)


def test_it_waits_parked_and_nothing_is_begun(begin: Begin, drive: Drive, taken: Seat) -> None:
    execution = drive(begin(ADD))
    assert (execution.phase, execution.waiting_for, execution.process) == (
        Phase.WAITING,
        "function process",
        None,
    )
    assert execution.current_step == "/add"
    step = the_step(execution)
    assert (step.status, step.attempt) == (StepStatus.WAITING, 1)
    assert in_line.in_line_since(step) is not None
    assert not Attempt.objects.exists()
    assert in_line.line().length == 1
    place = in_line.place_of(execution)
    assert place is not None and place.step == step and place.told().startswith("It has waited ")
    assert "runs wait" not in place.told(), "it waits alone"
    taken.release()
    execution = finished(drive, execution)
    assert (execution.phase, execution.output, in_line.line().length) == (Phase.COMPLETED, 3, 0)
    assert in_line.place_of(execution) is None


@pytest.mark.parametrize(
    "tasks",
    [
        (
            "do:\n- add: {call: python, with: {function: tests.adds, arguments: {one: 1, other:"
            " 2}}, timeout: {after: PT10S}}\n"
        ),
        "timeout: {after: PT10S}\n" + ADD,
        (
            "do:\n- block:\n    do:\n    - add: {call: python, with: {function: tests.adds,"
            " arguments: {one: 1, other: 2}}}\n    timeout: {after: PT10S}\n"
        ),
        (
            "do:\n- add: {call: python, with: {function: tests.adds, arguments: {one: 1, other:"
            " 2}}, metadata: {attemptTimeout: PT10S}}\n"
        ),
    ],
    ids=["of the task", "of the workflow", "of a block around it", "of the attempt"],
)
def test_no_time_limit_counts_the_waiting(
    begin: Begin, drive: Drive, taken: Seat, later: Later, tasks: str
) -> None:
    execution = drive(begin(tasks))
    for _ in range(3):
        later(3600)
        Execution.objects.filter(pk=execution.pk).update(wake_at=clock.now())
        assert drive(execution).phase == Phase.WAITING
    taken.release()
    assert finished(drive, execution).phase == Phase.COMPLETED


def test_a_time_limit_counts_what_is_not_waiting(
    begin: Begin, drive: Drive, taken: Seat, later: Later
) -> None:
    tasks = (
        "do:\n- block:\n    timeout: {after: PT1H}\n    do:\n    - rest: {wait: PT40M}\n    - add:"
        " {call: python, with: {function: tests.adds, arguments: {one: 1, other: 2}}}\n    - again:"
        " {wait: PT40M}\n"
    )
    execution = drive(begin(tasks))
    later(2401)
    assert drive(execution).waiting_for == "function process"
    later(7200)
    taken.release()
    execution = past_the_line(drive, execution)
    assert execution.waiting_for == "timer"
    later(1300)
    execution = drive(execution)
    assert execution.phase == Phase.FAILED
    assert "did not end within its time limit" in execution.failure_reason


def test_the_step_starts_when_it_has_its_process(
    begin: Begin, drive: Drive, taken: Seat, later: Later
) -> None:
    execution = drive(begin(ADD))
    later(3600)
    began = clock.now()
    taken.release()
    finished(drive, execution)
    step = the_step(execution)
    assert step.started_at is not None and step.started_at >= began
    assert datetime.fromisoformat(step.control["first_attempt_at"]) >= began
    assert "in_line" not in step.control


def test_a_limit_of_retries_does_not_count_the_waiting(
    begin: Begin, drive: Drive, later: Later, ledger: Ledger, alice: User
) -> None:
    tasks = (
        "do:\n- call: {call: python, with: {function: tests.fails_once, arguments: {ledger:"
        f" '{ledger.path}'}}}}, metadata: {{retry: {{delay: PT5S, limit: {{attempt: {{count: 3}},"
        " duration: PT1M}}}}\n"
    )
    execution = past_the_line(drive, begin(tasks))
    assert execution.waiting_for == "back-off"
    with python.seat("of the test", str(alice.pk), None, seconds=60) or pytest.fail("no process"):
        later(6)
        assert drive(execution).waiting_for == "function process"
        later(3600)
    assert finished(drive, execution).phase == Phase.COMPLETED


def test_cancelling_it_takes_effect_at_once(
    begin: Begin, drive: Drive, taken: Seat, alice: User
) -> None:
    execution = drive(begin(ADD))
    assert control.cancel(execution.pk, alice) == Phase.CANCELLED
    step = the_step(execution)
    assert (step.status, step.control.get("outcome_unknown")) == (StepStatus.CANCELLED, None)


def test_pausing_it_takes_effect_at_once_and_counts_neither(
    begin: Begin, drive: Drive, taken: Seat, later: Later, alice: User
) -> None:
    execution = drive(begin("timeout: {after: PT10S}\n" + ADD))
    assert control.pause(execution.pk, alice) == Phase.PAUSED
    before = execution.timeout_at
    later(3600)
    control.resume(execution.pk, alice)
    later(60)
    assert drive(execution).phase == Phase.WAITING
    execution.refresh_from_db()
    assert before is not None and execution.timeout_at is not None
    assert abs(execution.timeout_at - before - timedelta(seconds=3660)) < timedelta(seconds=30)
    taken.release()
    assert finished(drive, execution).phase == Phase.COMPLETED


def test_a_process_that_stops_begins_nothing_and_gives_it_back(
    begin: Begin, process: Process, taken: Seat
) -> None:
    execution, running = begin(ADD), Running()
    running.stopping.set()
    advance(execution.pk, process_id=process.pk, store=Here(), running=running)
    execution.refresh_from_db()
    assert execution.phase == Phase.PENDING
    assert not execution.steps.exists(), "it was not begun, and stands in no line"


def test_what_waits_in_line_is_not_taken_for_lost(
    begin: Begin, drive: Drive, taken: Seat, later: Later
) -> None:
    drive(begin("timeout: {after: PT10S}\n" + ADD))
    later(3600)
    assert not any(rows.exists() for rows in lost().values())


def test_those_of_another_owner_do_not_wait_behind_it(
    begin: Begin, drive: Drive, taken: Seat, bob: User
) -> None:
    drive(begin(ADD))
    assert finished(drive, begin(ADD, name="two", owner=bob)).phase == Phase.COMPLETED


THREE = """do:
- together:
    fork:
      branches:
      - a: {call: python, with: {function: tests.adds, arguments: {one: 1, other: 2}}}
      - b: {call: python, with: {function: tests.adds, arguments: {one: 3, other: 4}}}
      - c: {do: [{c1: {call: python, with: {function: tests.adds, arguments: {one: 5, other: 6}}}}]}
"""


def test_branches_have_the_only_process_one_after_the_other(begin: Begin, drive: Drive) -> None:
    execution = finished(drive, begin(THREE))
    assert (execution.phase, execution.output) == (Phase.COMPLETED, [3, 7, 11])
    assert not Attempt.objects.exists(), "who waited was not tried in vain"


def test_a_run_whose_branches_all_stand_in_line_is_parked_and_each_gets_its_turn(
    begin: Begin, drive: Drive, taken: Seat
) -> None:
    execution = drive(begin(THREE))
    assert (execution.phase, execution.waiting_for) == (Phase.WAITING, "function process")
    standing = Step.objects.filter(execution=execution, kind="call")
    assert {step.status for step in standing} == {StepStatus.WAITING}
    assert list(in_line.waiting()) == [execution]
    taken.release()
    ended = finished(drive, execution)
    assert (ended.phase, ended.output) == (Phase.COMPLETED, [3, 7, 11])
