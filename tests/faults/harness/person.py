"""The person of F16, who presses whatever they like beside a worker that drives and crashes: a
state machine whose model says what each verb may do. Hypothesis chooses the steps, and shortens
those that violate something.
"""

from __future__ import annotations

import io
import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import redirect_stdout, suppress
from functools import partial
from typing import Any

import hypothesis
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from hypothesis.strategies import booleans, integers, sampled_from

from tests.faults.harness import oracle, work
from tests.faults.harness.rig import Rig
from tests.faults.harness.shapes import BY_NAME, SHAPES

STEPS = 50
# From which phases a verb may succeed, and to which it may lead at once (a running one is asked and
# moves later).
MODEL: dict[str, tuple[set[str], set[str]]] = {
    "retry": ({"FAILED"}, {"PENDING"}),
    "recover": ({"FAILED"}, {"PENDING"}),
    "skip": ({"FAILED"}, {"PENDING"}),
    "cancel": ({"PENDING", "WAITING", "PAUSED", "IN_PROGRESS"}, {"CANCELLED", "IN_PROGRESS"}),
    "pause": ({"PENDING", "WAITING", "IN_PROGRESS"}, {"PAUSED", "IN_PROGRESS"}),
    "resume": ({"PAUSED"}, {"PENDING"}),
    "terminate": ({"PENDING", "WAITING", "PAUSED", "IN_PROGRESS"}, {"TERMINATED"}),
}


def tried(rig: Rig, seed: str, number: int, examples: int) -> tuple[int, list[str]]:
    """How many steps were made, and the shortest sequence of them that violates something, if one
    does.
    """
    from executions.worker.children import use_children

    use_children()
    work.deaf_doorbell()

    class Seeded(Person):
        name, made = seed, Counter[str]()

    Seeded.rig = rig
    machine = hypothesis.seed(number)(Seeded)
    quietly = hypothesis.settings(
        max_examples=examples,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        print_blob=False,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    heard = io.StringIO()
    try:
        with redirect_stdout(heard):
            run_state_machine_as_test(machine, settings=quietly)
    except Exception as problem:
        # What is falsified stands in notes of the exception: the steps, as they may be typed again.
        steps = "\n".join(getattr(problem, "__notes__", [])) + heard.getvalue()
        return Seeded.made["steps"], [f"{type(problem).__name__}: {problem}\n{steps}"[:4000]]
    return Seeded.made["steps"], []


class Person(RuleBasedStateMachine):
    """Presses a verb, lets a worker drive once, or lets it crash; in the end the execution can
    still come home.
    """

    rig: Rig
    name: str
    made: Counter[str]

    @initialize(shape=sampled_from([shape.name for shape in SHAPES]))
    def begin(self, shape: str) -> None:
        self.made["examples"] += 1
        self.shape = shape
        self.execution_id = work.start(BY_NAME[shape], f"{self.name}-{self.made['examples']}")

    @rule(verb=sampled_from([*MODEL, "decide"]))
    def press(self, verb: str) -> None:
        from executions.models import Execution

        self.made["steps"] += 1
        violations = _press(
            verb, self.execution_id, Execution.objects.get(pk=self.execution_id).phase
        )
        assert not violations, violations

    @rule(times=integers(1, 3))
    def drive(self, times: int) -> None:
        from executions.driving.attempts.running import Running
        from executions.driving.store import Here

        self.made["steps"] += times
        for _ in range(times):
            drive(self.execution_id, Here(), Running())

    @rule(after_transactions=integers(0, 5), committed=booleans())
    def crash(self, after_transactions: int, committed: bool) -> None:
        self.made["steps"] += 1
        _drive_and_crash(self.execution_id, CrashingStore(after_transactions, committed))

    def teardown(self) -> None:
        violations = judged(self.rig, self.execution_id, self.shape)
        assert not violations, violations


def judged(rig: Rig, execution_id: str, shape: str) -> list[str]:
    from executions.models import Execution

    work.deaf_doorbell()
    if Execution.objects.get(pk=execution_id).phase in ("CANCELLED", "TERMINATED"):
        return oracle.judge_history(execution_id)
    return _brought_home(rig, execution_id, shape)


def _brought_home(rig: Rig, execution_id: str, shape: str) -> list[str]:
    """Whatever was pressed before, it can still come to its end."""
    work.drive_until(execution_id, partial(_is_home, execution_id), BY_NAME[shape])
    # A verb may cancel an attempt whose effect has happened, so that effects are counted for
    # crashes elsewhere.
    return [
        text
        for text in oracle.judge(execution_id, BY_NAME[shape], rig.ledger_url, kills=STEPS)
        if _counts(text)
    ]


def _is_home(execution_id: str) -> bool:
    """A pause that was asked for of a worker that crashed is honoured by the next: it is resumed
    whenever it comes.
    """
    from executions.errors import Refused

    with suppress(Refused):
        verbs()["resume"](uuid.UUID(execution_id), ann())
    return work.is_at_rest(execution_id)


def _counts(violation: str) -> bool:
    """A person may skip what failed, so that the output may differ; everything else holds."""
    return not violation.startswith(("I1: its output", "I4:"))


def ann() -> Any:
    from django.contrib.auth.models import User

    return User.objects.get(username="ann")


def verbs() -> dict[str, Callable[..., Any]]:
    from executions.verbs.deciding import control, decisions

    return {
        name: getattr(decisions if hasattr(decisions, name) else control, name) for name in MODEL
    }


def _press(verb: str, execution_id: str, before: str) -> list[str]:
    """What a verb did, held against the model; a refusal changes nothing."""
    from executions.errors import Refused
    from executions.models import Execution
    from executions.verbs.deciding import decisions

    key = uuid.UUID(execution_id)
    seq = Execution.objects.get(pk=key).head_seq
    try:
        if verb == "decide":
            decisions.decide(key, ann(), "mark_done", output={"did": "charge"})
            return []
        verbs()[verb](key, ann())
    except Refused as refusal:
        after = Execution.objects.get(pk=key)
        changed = after.phase != before or after.head_seq != seq
        may = verb != "decide" and before in MODEL[verb][0] and refusal.code == "wrong_phase"
        return [f"I2: {verb} was refused in {before} and changed it"] * changed + [
            f"I2: {verb} was refused in {before}"
        ] * may
    after = Execution.objects.get(pk=key)
    allowed, leads_to = MODEL[verb]
    if before not in allowed or after.phase not in leads_to:
        return [f"I2: {verb} led from {before} to {after.phase}"]
    return []


def drive(execution_id: str, store: Any, running: Any) -> None:
    from executions.models import Process
    from executions.recovery.registration import register
    from tests.drives import drive_once

    process = Process.objects.filter(dead_at=None).first() or register("worker", slots=1)
    drive_once(uuid.UUID(execution_id), process_id=process.pk, store=store, running=running)


class Crash(BaseException):
    """The worker is gone in the middle of it."""


class CrashingStore:
    """Runs so many transactions and then crashes, before or after one."""

    def __init__(self, left: int, after: bool) -> None:
        self._left, self._after = left, after

    def call(self, work: Callable[[], Any]) -> Any:
        self._left -= 1
        if self._left < 0 and not self._after:
            raise Crash
        result = work()
        if self._left < 0:
            raise Crash
        return result


def _drive_and_crash(execution_id: str, store: CrashingStore) -> None:
    """A worker that dies at one of its next transactions, and is declared dead."""
    from executions.driving.attempts.running import Running
    from executions.recovery.registration import register
    from tests.drives import drive_once

    process = register("worker", slots=1)
    with suppress(Crash):
        drive_once(uuid.UUID(execution_id), process_id=process.pk, store=store, running=Running())
    process.declare_dead("crashed in a trial")
