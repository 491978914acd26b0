"""Timers under load: how late runs go on that are due at one moment, over a minute, or whose bells
were lost.

``python -m benchmarks.timers`` measures both databases with two worker processes; ``--database
sqlite``, ``--together 2000``, ``--spread 10000 --seconds 60`` and ``--lost 500`` choose what. The
figures are those of the step after the timer: it says when it ran.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.surroundings import ROOT, surroundings, workers

WORKERS = 2
CHUNK = 100
WARM_UP = 200
# Time to prepare is what the warm-up took, times this, and some seconds more.
MARGIN = 1.5
LEAST_LEAD_SECONDS = 5.0
PATIENCE_SECONDS = 180.0
TEXT = """
document: {dsl: '1.0.0', namespace: benchmarks, name: timers, version: '1.0.0'}
do:
- sleep: {wait: '${ {milliseconds: ([(.at - now) * 1000, 0] | max | ceil)} }'}
- woke: {call: python, with: {function: bench.mark, arguments: {number: 1}}}
"""


@dataclass(frozen=True, slots=True)
class Lateness:
    """Seconds from when each was due until its next step ran; ``began`` when the first was due.

    ``cpu_seconds`` is the processor time of the workers meanwhile: it hardly depends on who else
    works on the machine.
    """

    late: Sequence[float]
    ended: float
    began: float
    cpu_seconds: float

    def as_json(self) -> dict[str, Any]:
        from benchmarks.figures import percentile

        return {
            "runs": len(self.late),
            "all_begun_seconds": round(self.ended - self.began, 3),
            "a_second": round(len(self.late) / (self.ended - self.began), 1),
            "worker_cpu_ms_each": round(self.cpu_seconds / len(self.late) * 1000, 2),
            "late_p50_seconds": round(percentile(self.late, 0.5), 3),
            "late_p99_seconds": round(percentile(self.late, 0.99), 3),
            "late_most_seconds": round(max(self.late), 3),
        }


class Sleepers:
    """Runs that wait for a moment each."""

    def __init__(self, workers: list[int]) -> None:
        from django.contrib.auth.models import User

        from executions.intake.apply import apply_definition

        self.owner = User.objects.create(username="bench")
        self.workflow = apply_definition(TEXT, self.owner).workflow
        self.seconds_each = 0.0
        self.workers = workers
        self.committed: dict[uuid.UUID, float] = {}

    def warm_up(self) -> None:
        began = time.time()
        self.woken(self._started([began] * WARM_UP), [began] * WARM_UP)
        self.seconds_each = (time.time() - began) / WARM_UP

    def lead(self, count: int) -> float:
        """Seconds that preparing so many takes."""
        return LEAST_LEAD_SECONDS + MARGIN * count * self.seconds_each

    def measure(self, offsets: Sequence[float]) -> Lateness:
        """Runs that are due so many seconds after one moment; all of them wait before it comes."""
        from executions.models import Execution
        from executions.states import Phase
        from tests.waiting import until

        began = time.time() + self.lead(len(offsets))
        moments = [began + offset for offset in offsets]
        started = self._started(moments)
        asleep = Execution.objects.filter(workflow=self.workflow, phase=Phase.WAITING)
        until(
            lambda: asleep.count() == len(offsets), what="all wait", seconds=self.lead(len(offsets))
        )
        assert time.time() < began, (
            "preparing took longer than the warm-up promised: more work beside it?"
        )
        return self.woken(started, moments)

    def lost(self, count: int) -> Lateness:
        """Runs that are started while no bell rings."""
        from executions import dispatch

        def unheard(
            execution_id: uuid.UUID, queue: str = "default", owner_id: int | None = None
        ) -> bool:
            return True

        ring, dispatch.ring = dispatch.ring, unheard
        try:
            started = self._started([time.time()] * count)
        finally:
            dispatch.ring = ring
        return self.woken(started, [self.committed[key] for key in started])

    def woken(self, started: Sequence[uuid.UUID], moments: Sequence[float]) -> Lateness:
        from benchmarks.figures import moments as steps_of
        from benchmarks.one import cpu_seconds
        from executions.models import Execution
        from executions.states import ENDED_PHASES, Phase
        from tests.waiting import until

        time.sleep(max(0.0, min(moments) - time.time()))
        used = cpu_seconds(self.workers)
        mine = Execution.objects.filter(workflow=self.workflow)
        left = mine.exclude(phase__in=ENDED_PHASES)
        until(
            lambda: not left.exists(),
            what="all have ended",
            seconds=PATIENCE_SECONDS + max(moments) - time.time(),
        )
        used = cpu_seconds(self.workers) - used
        assert not mine.exclude(phase=Phase.COMPLETED).exists(), "one did not complete"
        ran: dict[uuid.UUID, list[float]] = {}
        for first in range(0, len(started), CHUNK):
            ran |= steps_of(started[first : first + CHUNK])
        at = [ran[key][0] for key in started]
        late = [seen - due for seen, due in zip(at, moments, strict=True)]
        return Lateness(late, max(at), min(moments), used)

    def _started(self, moments: Sequence[float]) -> list[uuid.UUID]:
        from django.db import transaction

        from executions.intake.start import start

        started = []
        for first in range(0, len(moments), CHUNK):
            chunk = moments[first : first + CHUNK]
            with transaction.atomic():
                started += [
                    start(self.workflow, self.owner, input={"at": moment}).pk for moment in chunk
                ]
            self.committed |= dict.fromkeys(started[first:], time.time())
        return started


def measure(database: str, chosen: argparse.Namespace) -> dict[str, Any]:
    with surroundings(database):
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", interactive=False, verbosity=0)
        from benchmarks.load import wait_for_workers
        from benchmarks.one import functions_of_workers

        functions_of_workers()
        figures: dict[str, Any] = {"load_before": round(os.getloadavg()[0], 1)}
        with workers(WORKERS) as pids:
            wait_for_workers(WORKERS)
            sleepers = Sleepers(pids)
            sleepers.warm_up()
            if chosen.together:
                figures["due at one moment"] = sleepers.measure([0.0] * chosen.together).as_json()
            if chosen.spread:
                apart = chosen.seconds / chosen.spread
                offsets = [number * apart for number in range(chosen.spread)]
                figures[f"due over {chosen.seconds:g} s"] = sleepers.measure(offsets).as_json()
            if chosen.lost:
                figures["bells lost"] = sleepers.lost(chosen.lost).as_json()
        return figures


def main() -> None:
    """Each database is measured by a process of its own, as settings are read once."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.timers", description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgres"))
    parser.add_argument("--together", type=int, default=2000, help="due at one moment")
    parser.add_argument("--spread", type=int, default=10_000, help="due one after the other")
    parser.add_argument("--seconds", type=float, default=60.0, help="over so many seconds")
    parser.add_argument("--lost", type=int, default=500, help="started while no bell rings")
    chosen = parser.parse_args()
    if chosen.database:
        print(json.dumps({chosen.database: measure(chosen.database, chosen)}, indent=2))
        return
    for database in ("sqlite", "postgres"):
        command = [sys.executable, "-m", "benchmarks.timers", "--database", database, *sys.argv[1:]]
        subprocess.run(command, cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
