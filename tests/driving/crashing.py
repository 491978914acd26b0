"""A process that dies at a chosen moment: before or after its n-th transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from executions.driving.attempts.running import Running
from executions.driving.store import Here
from executions.models import Execution, Process
from tests.drives import drive_once
from tests.driving.conftest import new_process

T = TypeVar("T")


class Died(BaseException):
    """The process is gone; nothing of it runs any more."""


class DyingStore:
    """Dies at transaction number ``at``: before it, or (``after``) once it is committed."""

    def __init__(self, at: int | None, *, after: bool = False) -> None:
        self.count = 0
        self._at = at
        self._after = after

    def call(self, work: Callable[[], T]) -> T:
        self.count += 1
        if self.count == self._at and not self._after:
            raise Died
        result = Here().call(work)
        if self.count == self._at:
            raise Died
        return result


def drive_and_die(execution: Execution, at: int | None, *, after: bool = False) -> bool:
    """Drive with a process of its own until it dies or nothing is due.

    Whether it died; then the others know.
    """
    process, store = new_process(), DyingStore(at, after=after)
    try:
        while drive_once(execution.pk, process_id=process.pk, store=store, running=Running()):
            pass
    except Died:
        assert process.declare_dead("died in a test")
        return True
    return False


def drive_on(execution: Execution) -> Execution:
    """Others take over and drive it to its end."""
    process: Process = new_process()
    while drive_once(execution.pk, process_id=process.pk, store=Here(), running=Running()):
        pass
    return Execution.objects.get(pk=execution.pk)
