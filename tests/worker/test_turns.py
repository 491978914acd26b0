"""Functions that wait for a process in a real worker: owners get turns, all are carried out once,
none fails.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from executions.intake.apply import apply_definition
from executions.intake.start import start
from executions.models import Attempt, Execution, Step, in_line
from executions.states import StepStatus
from executions.verbs.deciding import control
from tests.waiting import until
from tests.worker.conftest import HEAD, Start

pytestmark = pytest.mark.processes
MODULE = "tests.driving.process_functions"
SETTINGS: dict[str, Any] = {
    "STIGMER_FUNCTION_MODULES": MODULE,
    "turned": {"STIGMER_FUNCTION_PROCESSES": 1},
}
ADD = "do:\n- add: {call: python, with: {function: tests.adds, arguments: {one: 1, other: 2}}}\n"
Begin = Callable[..., Execution]
Ends = Callable[..., Execution]


@pytest.fixture(autouse=True)
def functions_of_the_tests(settings: object) -> None:
    settings.STIGMER_FUNCTION_MODULES = [MODULE]  # type: ignore[attr-defined]


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    return tmp_path / "gate"


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "ledger"
    path.touch()
    return path


@pytest.fixture
def holding(begin: Begin, gate: Path, ledger: Path) -> Callable[[int], list[Execution]]:
    """``holding(3)``: three runs whose functions end when the gate opens.

    The attempt's limit is short.
    """

    def begun(number: int) -> list[Execution]:
        tasks = (
            f"do:\n- hold: {{call: python, with: {{function: tests.waits_for, arguments: "
            f"{{gate: '{gate}', ledger: '{ledger}'}}}}, metadata: {{attemptTimeout: PT60S}}, "
            "timeout: {after: PT60S}}\n"
        )
        return [begin(tasks, name=f"hold-{each}") for each in range(number)]

    return begun


def began(ledger: Path) -> int:
    return len(ledger.read_text().splitlines())


def test_many_functions_of_one_owner_all_come_to_their_turn_and_another_owner_does_not_wait(
    worker: Start, holding: Callable[[int], list[Execution]], gate: Path, ledger: Path, ends: Ends
) -> None:
    bob = User.objects.create_user("bob")
    worker(**SETTINGS)
    held = holding(8)
    until(
        lambda: began(ledger) == 1 and in_line.line().length == 7,
        what="one runs and the others stand in line",
    )
    running = Step.objects.filter(kind="call", status=StepStatus.RUNNING)
    assert running.count() == 1
    ends(start(apply_definition(HEAD % "add" + ADD, bob).workflow, bob, input={}))
    assert began(ledger) == 1
    gate.touch()
    for execution in held:
        ends(execution)
    assert began(ledger) == 8
    assert not Attempt.objects.exists()


def test_what_stands_in_line_is_cancelled_at_once_and_does_not_take_a_turn(
    worker: Start,
    holding: Callable[[int], list[Execution]],
    gate: Path,
    ledger: Path,
    ends: Ends,
    alice: User,
) -> None:
    worker(**SETTINGS)
    held = holding(4)
    until(lambda: in_line.line().length == 3, what="three stand in line")
    for execution in in_line.waiting()[:2]:
        assert control.cancel(execution.pk, alice) == "CANCELLED"
    gate.touch()
    until(
        lambda: Execution.objects.filter(phase="COMPLETED").count() == 2,
        what="the others come to their turn",
    )
    assert len(held) - began(ledger) == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_what_stands_in_line_of_a_worker_that_ends_is_taken_up_by_another(
    worker: Start,
    holding: Callable[[int], list[Execution]],
    gate: Path,
    ledger: Path,
    ends: Ends,
    number: int,
) -> None:
    first = worker(**SETTINGS, STIGMER_DRAIN_SECONDS=1)
    held = holding(3)
    until(
        lambda: began(ledger) == 1 and in_line.line().length == 2,
        what="one runs, two stand in line",
    )
    worker(**SETTINGS)
    first.send_signal(number)
    first.wait()
    gate.touch()
    for execution in held:
        ends(execution)
    # The one that ran was interrupted and ran again; of the others nothing had been begun.
    assert began(ledger) == 4
