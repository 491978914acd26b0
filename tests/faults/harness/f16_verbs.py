"""F16: people press whatever they like while workers drive: a state machine with a model of what each verb may do."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

from tests.faults.harness import oracle, work
from tests.faults.harness.results import Trial
from tests.faults.harness.rig import Child, Overdue, Rig
from tests.faults.harness.shapes import BY_NAME, SHAPES

FAULT = "F16"
MACHINES, STEPS = 100, 50
RACES = 50
# From which phases a verb may succeed, and to which it may lead at once (a running one is asked and moves later).
MODEL: dict[str, tuple[set[str], set[str]]] = {
    "retry": ({"FAILED"}, {"PENDING"}),
    "recover": ({"FAILED"}, {"PENDING"}),
    "skip": ({"FAILED"}, {"PENDING"}),
    "cancel": ({"PENDING", "WAITING", "PAUSED", "IN_PROGRESS"}, {"CANCELLED", "IN_PROGRESS"}),
    "pause": ({"PENDING", "WAITING", "IN_PROGRESS"}, {"PAUSED", "IN_PROGRESS"}),
    "resume": ({"PAUSED"}, {"PENDING"}),
    "terminate": ({"PENDING", "WAITING", "PAUSED", "IN_PROGRESS"}, {"TERMINATED"}),
}


def trials(rig: Rig, done: set[str]) -> Iterator[Trial]:
    """One process that goes step by step and knows the model; then two processes that race."""
    rig.in_child(partial(work.apply, SHAPES, rig.ledger_url))
    for number in range(MACHINES):
        seed = f"{rig.database}:machine:{number}"
        if seed not in done:
            began = time.monotonic()
            violations = rig.in_child(partial(_machine, rig, seed), seconds=120)
            yield Trial(FAULT, seed, STEPS, round(time.monotonic() - began, 2), violations)
    for number in range(RACES):
        seed = f"{rig.database}:race:{number}"
        if seed not in done:
            yield _race(rig, seed)


def _machine(rig: Rig, seed: str) -> list[str]:
    """STEPS rules, each chosen by chance: press a verb, let a worker drive once, let time pass, or let it crash."""
    from executions.engine.running import Running
    from executions.engine.store import Here
    from executions.models import Execution
    from executions.worker.children import use_children

    use_children()
    work.deaf_doorbell()
    chance, violations = random.Random(seed), list[str]()
    shape = chance.choice(SHAPES)
    execution_id = work.start(shape, seed)
    crashes = 0
    for _ in range(STEPS):
        before = Execution.objects.get(pk=execution_id).phase
        rule = chance.choice([*MODEL, "decide", "drive", "drive", "drive", "drive", "crash"])
        if rule == "drive":
            _drive(execution_id, Here(), Running())
        elif rule == "crash":
            crashes += _drive_and_crash(execution_id, chance)
        else:
            violations += _press(rule, execution_id, before)
    if Execution.objects.get(pk=execution_id).phase in ("CANCELLED", "TERMINATED"):
        violations += oracle.judge_history(execution_id)
    else:
        violations += _brought_home(rig, execution_id, shape.name, crashes)
    return violations


def _brought_home(rig: Rig, execution_id: str, shape: str, crashes: int) -> list[str]:
    """Whatever was pressed before, it can still come to its end."""
    from executions.engine import control
    from executions.models import Execution

    execution = Execution.objects.get(pk=execution_id)
    if execution.phase == "PAUSED":
        control.resume(execution.pk, _ann())
    work.drive_until(execution_id, partial(work.is_at_rest, execution_id), BY_NAME[shape])
    # A verb may cancel an attempt whose effect has happened, so that effects are counted for crashes elsewhere.
    return [text for text in oracle.judge(execution_id, BY_NAME[shape], rig.ledger_url, kills=STEPS) if _counts(text)]


def _counts(violation: str) -> bool:
    """A person may skip what failed, so that the output may differ; everything else holds."""
    return not violation.startswith(("I1: its output", "I4:"))


def _ann() -> Any:
    from django.contrib.auth.models import User

    return User.objects.get(username="ann")


def _verbs() -> dict[str, Callable[..., Any]]:
    from executions.engine import control, decisions

    return {name: getattr(decisions if hasattr(decisions, name) else control, name) for name in MODEL}


def _press(verb: str, execution_id: str, before: str) -> list[str]:
    """What a verb did, held against the model; a refusal changes nothing."""
    from executions.engine import decisions
    from executions.errors import Refused
    from executions.models import Execution

    key = uuid.UUID(execution_id)
    seq = Execution.objects.get(pk=key).head_seq
    try:
        if verb == "decide":
            decisions.decide(key, _ann(), "mark_done", output={"did": "charge"})
            return []
        _verbs()[verb](key, _ann())
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


def _drive(execution_id: str, store: Any, running: Any) -> None:
    from executions.models import Process
    from executions.worker.registration import register
    from tests.driving import drive_once

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


def _drive_and_crash(execution_id: str, chance: random.Random) -> int:
    """A worker that dies at one of its next transactions, and is declared dead."""
    from executions.engine.running import Running
    from executions.worker.registration import register
    from tests.driving import drive_once

    process = register("worker", slots=1)
    store = CrashingStore(chance.randrange(6), chance.random() < 0.5)
    try:
        drive_once(uuid.UUID(execution_id), process_id=process.pk, store=store, running=Running())
    except Crash:
        process.declare_dead("crashed in a trial")
        return 1
    process.declare_dead("done")
    return 0


def _race(rig: Rig, seed: str) -> Trial:
    """One process drives while two people press what they like; then it is brought home and judged."""
    trial, chance, began = Trial(FAULT, seed), random.Random(seed), time.monotonic()
    shape = chance.choice(SHAPES)
    execution_id = rig.in_child(partial(_start, shape.name, seed))
    people = [Child(partial(_press_at_random, execution_id, f"{seed}/{number}")) for number in range(2)]
    worker = Child(partial(_keep_driving, execution_id, 0.6))
    try:
        for child in (*people, worker):
            child.result(30)
        trial.violations = rig.in_child(partial(_judge_race, rig, execution_id, shape.name), seconds=40)
    except Overdue as problem:
        trial.violations = [f"I1: {problem}"]
    trial.seconds = round(time.monotonic() - began, 2)
    return trial


def _judge_race(rig: Rig, execution_id: str, shape: str) -> list[str]:
    from executions.models import Execution

    work.deaf_doorbell()
    if Execution.objects.get(pk=execution_id).phase in ("CANCELLED", "TERMINATED"):
        return oracle.judge_history(execution_id)
    return _brought_home(rig, execution_id, shape, STEPS)


def _start(shape: str, name: str) -> str:
    work.deaf_doorbell()
    return work.start(BY_NAME[shape], name)


def _press_at_random(execution_id: str, seed: str) -> None:
    from executions.errors import Refused

    chance = random.Random(seed)
    work.deaf_doorbell()
    # Terminate and cancel end it, so that they are rare.
    verbs = [verb for verb in MODEL if verb not in ("terminate", "cancel")] * 4 + ["terminate", "cancel"]
    for _ in range(12):
        with suppress(Refused):
            _verbs()[chance.choice(verbs)](uuid.UUID(execution_id), _ann())
        time.sleep(chance.uniform(0.0, 0.04))


def _keep_driving(execution_id: str, seconds: float) -> None:
    from executions.engine.running import Running
    from executions.worker.children import use_children
    from executions.worker.writers import writers

    use_children()
    work.deaf_doorbell()
    store, until = writers(), time.monotonic() + seconds
    while time.monotonic() < until:
        _drive(execution_id, store, Running())
        time.sleep(0.002)
