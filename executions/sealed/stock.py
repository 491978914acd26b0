"""The children of a process: spares that never worked, and all that there are."""

from __future__ import annotations

import threading
import time

import structlog

from executions.isolation.facts import resident_bytes
from executions.sealed.errors import SealedClosed, SealedUnavailable
from executions.sealed.limits import Limits
from executions.sealed.mother import Mother
from executions.sealed.places import is_hurried, note_waited
from executions.sealed.process import SealedChild

log = structlog.get_logger(__name__)

_START_SECONDS = 30.0
# A machine that is out of processes or memory for a moment ends no run.
_PAUSES_SECONDS = (0.0, 0.2, 1.0, 3.0)
# The kernel ends a child that used so much in its whole life; it is replaced long before.
_LIFE_CPU_SECONDS = 900
_WORN_CPU_SECONDS = 300.0
_WORN_MEMORY_BYTES = 96 * 1024 * 1024


class Stock:
    """Gives out children and takes them back to be ended."""

    def __init__(self, limits: Limits) -> None:
        self._mother = Mother(limits.memory_bytes, _LIFE_CPU_SECONDS, limits.max_answer_bytes)
        self._spare_count = limits.spares
        self._is_patient = limits.is_patient
        self._lock = threading.Lock()
        self._spares: list[SealedChild] = []
        self._all: set[SealedChild] = set()
        self.is_closed = False

    def fresh(self) -> SealedChild:
        """A child that never worked; spares are asked for, so that the next one waits for nobody.

        Raises :class:`SealedUnavailable` where none can be had and the limits are not patient, and
        :class:`SealedClosed`.
        """
        tries = 0
        while True:
            try:
                return self._ready()
            except SealedUnavailable as problem:
                self._refuse_if_closed()
                tries += 1
                is_patient = self._is_patient and not is_hurried()
                if tries > len(_PAUSES_SECONDS) and not is_patient:
                    raise
                self._pause(tries, str(problem))

    def _pause(self, tries: int, problem: str) -> None:
        """Wait until a process may be had; what a drive waits for here counts against nothing."""
        pause = _PAUSES_SECONDS[min(tries, len(_PAUSES_SECONDS)) - 1]
        if tries > len(_PAUSES_SECONDS):
            log.warning("no process for expressions and schemas can be had", problem=problem)
        time.sleep(pause)
        note_waited(pause)

    def end(self, child: SealedChild) -> None:
        """Kill a child that the calling thread uses."""
        with self._lock:
            self._all.discard(child)
        child.dispose()

    def close(self) -> None:
        """End every child, those that work too, and give out no more."""
        with self._lock:
            self.is_closed = True
            spares, self._spares = self._spares, []
            self._all.difference_update(spares)
            busy = list(self._all)
        for child in busy:
            child.kill()
        for child in spares:
            child.dispose()
        self._mother.close()

    def pids(self) -> list[int]:
        """The process ids of the children that have begun."""
        with self._lock:
            return [child.pid for child in self._all if child.pid]

    def descriptors(self) -> list[int]:
        """Every descriptor of this process that leads to a child or to the mother."""
        mine = [number for child in self._all for number in child.descriptors()]
        return [*mine, *self._mother.descriptors()]

    def _ready(self) -> SealedChild:
        child = self._take()
        try:
            child.wait_until_ready(_START_SECONDS)
        except SealedUnavailable:
            self.end(child)
            raise
        return child

    def _take(self) -> SealedChild:
        with self._lock:
            self._refuse_if_closed()
            while len(self._spares) <= self._spare_count:
                child = self._mother.child()
                self._spares.append(child)
                self._all.add(child)
            return self._spares.pop(0)

    def _refuse_if_closed(self) -> None:
        if self.is_closed:
            raise SealedClosed("the processes for foreign text are closed")


def is_worn(child: SealedChild) -> bool:
    """Whether a child has worked long enough, or kept so much memory, that it is replaced."""
    if child.cpu_seconds() > _WORN_CPU_SECONDS:
        return True
    # If the system does not tell, the limit of its own holds.
    return resident_bytes(child.pid) > _WORN_MEMORY_BYTES
