"""F3: several drivers are forced onto one execution at the same moment; bells are doubled, late and
for the dead.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

from tests.faults.harness import oracle, work
from tests.faults.harness.results import Trial
from tests.faults.harness.rig import Child, Overdue, Rig
from tests.faults.harness.shapes import SHAPES, Shape

FAULT = "F3"
TRIALS = 100


def trials(rig: Rig, done: set[str]) -> Iterator[Trial]:
    """Two to four drivers each; what two processes may do at once must have the effects of one."""
    rig.in_child(partial(work.apply, SHAPES, rig.ledger_url))
    for number in range(TRIALS):
        seed = f"{rig.database}:{number}"
        if seed not in done:
            yield _trial(rig, seed)


def _trial(rig: Rig, seed: str) -> Trial:
    trial, chance, began = Trial(FAULT, seed), random.Random(seed), time.monotonic()
    shape = chance.choice(SHAPES)
    execution_id = rig.in_child(partial(_start, shape, seed))
    at = time.time() + 0.15
    drivers = [Child(partial(_drive, execution_id, shape, at)) for _ in range(chance.randint(2, 4))]
    try:
        drives = [driver.result(60) for driver in drivers]
        trial.facts = {"drivers": len(drivers), "drives": drives}
        late = rig.in_child(partial(_ring_for_the_dead, execution_id))
        trial.violations = (
            rig.in_child(partial(oracle.judge, execution_id, shape, rig.ledger_url, kills=0)) + late
        )
    except Overdue as problem:
        trial.violations = [f"I1: {problem}"]
    trial.seconds = round(time.monotonic() - began, 2)
    return trial


def _start(shape: Shape, name: str) -> str:
    work.deaf_doorbell()
    return work.start(shape, name)


def _drive(execution_id: str, shape: Shape, at: float) -> int:
    """From the moment ``at`` on, take the execution, and what it started, whenever that is
    possible.
    """
    from executions.driving.attempts.running import Running
    from executions.recovery.registration import register
    from executions.worker.children import use_children
    from executions.worker.writers import writers
    from tests.drives import drive_once

    use_children()
    work.deaf_doorbell()
    process, store, running = register("worker", slots=1), writers(), Running()
    time.sleep(max(0.0, at - time.time()))
    drives = 0
    while not work.is_at_rest(execution_id):
        for key in work.family(execution_id):
            drives += drive_once(key, process_id=process.pk, store=store, running=running)
        work.press(execution_id, shape)
    return drives


def _ring_for_the_dead(execution_id: str) -> list[str]:
    """A bell for an execution that has ended, and for one that never was, changes nothing."""
    import uuid

    from executions.driving.attempts.running import Running
    from executions.driving.store import Here
    from executions.models import Execution
    from executions.recovery.registration import register
    from tests.drives import drive_once

    process = register("worker", slots=1)
    before: Any = Execution.objects.filter(pk=execution_id).values().get()
    taken = [
        drive_once(uuid.UUID(text), process_id=process.pk, store=Here(), running=Running())
        for text in (execution_id, str(uuid.uuid4()))
    ]
    same = before == Execution.objects.filter(pk=execution_id).values().get()
    return [] if same and not any(taken) else ["I2: a bell for the dead changed something"]
