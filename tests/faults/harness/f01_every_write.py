"""F1: SIGKILL before and after every SQL write and every COMMIT: n = 1, 2, … until a run ends
unkilled.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial

from tests.faults.harness import oracle, work
from tests.faults.harness.results import Trial
from tests.faults.harness.rig import Overdue, Rig
from tests.faults.harness.shapes import SHAPES, Shape

FAULT = "F1"


def seed_of(rig: Rig, shape: Shape, at: int) -> str:
    return f"{rig.database}:{shape.name}:{at}"


def trials(
    rig: Rig, done: set[str], shapes: list[Shape] = SHAPES, step: int = 1, first: int = 1
) -> Iterator[Trial]:
    """Every point of every shape that has no verdict yet.

    ``step`` and ``first`` leave points out (for the smoke).
    """
    rig.in_child(partial(work.apply, shapes, rig.ledger_url))
    for shape in shapes:
        end = f"{rig.database}:{shape.name}:end"
        if end in done:
            continue
        at, unkilled = first, False
        while not unkilled:
            if seed_of(rig, shape, at) not in done:
                trial, unkilled = _trial(rig, shape, at)
                yield trial
            at += step
        yield Trial(FAULT, end, count=0, facts={"points": at - step - 1})


def _trial(rig: Rig, shape: Shape, at: int) -> tuple[Trial, bool]:
    began = time.monotonic()
    trial = Trial(FAULT, seed_of(rig, shape, at))
    unkilled = False
    try:
        unkilled = (
            rig.in_child(partial(work.start_and_finish, shape, trial.seed, at), seconds=60)
            is not None
        )
        trial.violations = rig.in_child(
            partial(_finish_and_judge, rig, shape, trial.seed, int(not unkilled)), seconds=20
        )
    except Overdue as problem:
        trial.violations = [f"I1: {problem}"]
    trial.seconds = round(time.monotonic() - began, 3)
    return trial, unkilled


def _finish_and_judge(rig: Rig, shape: Shape, name: str, kills: int) -> list[str]:
    execution_id = work.id_of(name)
    work.finish(execution_id, shape)
    return oracle.judge(execution_id, shape, rig.ledger_url, kills=kills)
