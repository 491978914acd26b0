"""F2 by enumeration: a driver stalls before its n-th transaction, is declared dead, and comes back
while its successor stands before its m-th: what it writes then must hit nothing.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from tests.faults.harness import oracle, work
from tests.faults.harness.results import Trial
from tests.faults.harness.rig import Overdue, Rig
from tests.faults.harness.shapes import SHAPES, Shape

FAULT = "F2S"
SUCCESSOR_STANDS = (2, 3)
MOST = 40


def trials(rig: Rig, done: set[str]) -> Iterator[Trial]:
    rig.in_child(partial(work.apply, SHAPES, rig.ledger_url))
    for shape in SHAPES:
        for before in range(1, MOST):
            stalled = False
            for successor_before in SUCCESSOR_STANDS:
                seed = f"{rig.database}:{shape.name}:{before}:{successor_before}"
                trial, stalled = (
                    (None, True)
                    if seed in done
                    else _trial(rig, seed, shape, before, successor_before)
                )
                if trial is not None:
                    yield trial
            if not stalled:
                break


def _trial(
    rig: Rig, seed: str, shape: Shape, before: int, successor_before: int
) -> tuple[Trial, bool]:
    began = time.monotonic()
    stalled = True
    try:
        stalled, violations = rig.in_child(
            partial(_stall, rig, seed, shape, before, successor_before), seconds=60
        )
    except Overdue as problem:
        violations = [f"I1: {problem}"]
    return Trial(FAULT, seed, 1, round(time.monotonic() - began, 3), violations), stalled


class StallingStore:
    """Stands still before its n-th transaction until it is let go on."""

    def __init__(self, before: int) -> None:
        self._left = before
        self.stands, self.may_go = threading.Event(), threading.Event()

    def call(self, work: Callable[[], Any]) -> Any:
        self._left -= 1
        if self._left == 0:
            self.stands.set()
            self.may_go.wait(30)
        return work()


class _Driver:
    """A driver in a thread of its own, under a process of its own."""

    def __init__(self, execution_id: str, before: int) -> None:
        from executions.driving.attempts.running import Running
        from executions.recovery.registration import register
        from tests.drives import drive_once

        self.process = register("worker", slots=1)
        self.store = StallingStore(before)
        drive = partial(
            drive_once,
            uuid.UUID(execution_id),
            process_id=self.process.pk,
            store=self.store,
            running=Running(),
        )
        self.thread = threading.Thread(target=self._run, args=(drive,), daemon=True)
        self.thread.start()

    def _run(self, drive: Callable[[], bool]) -> None:
        from django.db import connection

        try:
            drive()
        finally:
            connection.close()

    def came_to_stand(self) -> bool:
        """False: it came to the end of its drive before."""
        while self.thread.is_alive() and not self.store.stands.wait(0.002):
            pass
        return self.store.stands.is_set()

    def go_on(self) -> None:
        self.store.may_go.set()
        self.thread.join(30)


def _stall(
    rig: Rig, name: str, shape: Shape, before: int, successor_before: int
) -> tuple[bool, list[str]]:
    from executions.models import Execution
    from executions.worker.children import use_children

    use_children()
    work.deaf_doorbell()
    execution_id = work.start(shape, name)
    zombie = _Driver(execution_id, before)
    stalled = zombie.came_to_stand()
    violations: list[str] = []
    if stalled:
        zombie.process.declare_dead("stalled in a trial")
        successor = _Driver(execution_id, successor_before)
        successor.came_to_stand()
        rows: Any = Execution.objects.filter(pk=execution_id).values("token", "head_seq", "phase")
        seen = rows.get()
        zombie.go_on()
        if rows.get() != seen:
            violations.append(f"I3: the zombie wrote: {seen} became {rows.get()}")
        successor.go_on()
    work.drive_until(execution_id, partial(work.is_at_rest, execution_id), shape)
    return stalled, violations + oracle.judge(
        execution_id, shape, rig.ledger_url, kills=int(stalled)
    )
