"""F16: people press whatever they like while workers drive: a state machine with a model of what
each verb may do.

Hypothesis chooses the steps, from the seed of the trial, and shortens those that violate something.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from functools import partial

from tests.faults.harness import work
from tests.faults.harness.person import MODEL, ann, drive, judged, tried, verbs
from tests.faults.harness.results import Trial
from tests.faults.harness.rig import Child, Overdue, Rig
from tests.faults.harness.shapes import BY_NAME, SHAPES

FAULT = "F16"
# Steps that were made count; the shorter an example, the fewer.
MACHINES, EXAMPLES = 20, 10
LONGEST_SECONDS = 120.0
RACES = 50


def trials(rig: Rig, done: set[str]) -> Iterator[Trial]:
    """One process that goes step by step and knows the model; then two processes that race."""
    rig.in_child(partial(work.apply, SHAPES, rig.ledger_url))
    for number in range(MACHINES):
        seed = f"{rig.database}:steps:{number}"
        if seed not in done:
            began = time.monotonic()
            try:
                steps, violations = rig.in_child(
                    partial(tried, rig, seed, number, EXAMPLES), seconds=LONGEST_SECONDS
                )
            except Overdue as problem:
                steps, violations = 0, [f"I1: {problem}"]
            yield Trial(FAULT, seed, steps, round(time.monotonic() - began, 2), violations)
    for number in range(RACES):
        seed = f"{rig.database}:race:{number}"
        if seed not in done:
            yield _race(rig, seed)


def _race(rig: Rig, seed: str) -> Trial:
    """One process drives while two people press what they like; then it is brought home and
    judged.
    """
    trial, chance, began = Trial(FAULT, seed), random.Random(seed), time.monotonic()
    shape = chance.choice(SHAPES)
    execution_id = rig.in_child(partial(_start, shape.name, seed))
    people = [
        Child(partial(_press_at_random, execution_id, f"{seed}/{number}")) for number in range(2)
    ]
    worker = Child(partial(_keep_driving, execution_id, 0.6))
    try:
        for child in (*people, worker):
            child.result(30)
        trial.violations = rig.in_child(partial(judged, rig, execution_id, shape.name), seconds=40)
    except Overdue as problem:
        trial.violations = [f"I1: {problem}"]
    trial.seconds = round(time.monotonic() - began, 2)
    return trial


def _start(shape: str, name: str) -> str:
    work.deaf_doorbell()
    return work.start(BY_NAME[shape], name)


def _press_at_random(execution_id: str, seed: str) -> None:
    from executions.errors import Refused

    chance = random.Random(seed)
    work.deaf_doorbell()
    # Terminate and cancel end it, so that they are rare.
    usual = [verb for verb in MODEL if verb not in ("terminate", "cancel")] * 4 + [
        "terminate",
        "cancel",
    ]
    for _ in range(12):
        with suppress(Refused):
            verbs()[chance.choice(usual)](uuid.UUID(execution_id), ann())
        time.sleep(chance.uniform(0.0, 0.04))


def _keep_driving(execution_id: str, seconds: float) -> None:
    from executions.driving.attempts.running import Running
    from executions.worker.children import use_children
    from executions.worker.writers import writers

    use_children()
    work.deaf_doorbell()
    store, until = writers(), time.monotonic() + seconds
    while time.monotonic() < until:
        drive(execution_id, store, Running())
        time.sleep(0.002)
