"""F2: a worker process is killed by SIGKILL; or stopped for longer than its lease lives, and wakes
as a zombie.
"""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Iterator
from functools import partial

from tests.faults.harness import work
from tests.faults.harness.results import Trial
from tests.faults.harness.rig import Rig
from tests.faults.harness.shapes import SHAPES
from tests.faults.harness.storm import CALL_SECONDS, storm
from tests.faults.harness.workers import Workers, crew

FAULT = "F2"
TRIALS = 50
STOPPED_SECONDS = 2.6
# So long that the zombie comes back with an answer while its successor is still in the same call.
STALLED_CALL_SECONDS = 1.0


def trials(rig: Rig, done: set[str]) -> Iterator[Trial]:
    """Two kills for each stall."""
    rig.in_child(partial(work.apply, SHAPES, rig.ledger_url))
    with crew(rig) as (workers, _):
        for number in range(TRIALS):
            seed = f"{rig.database}:{'stall' if number % 3 == 2 else 'kill'}:{number}"
            if seed not in done:
                chaos, seconds = (
                    (_stall, STALLED_CALL_SECONDS) if "stall" in seed else (_kill, CALL_SECONDS)
                )
                yield storm(
                    rig, FAULT, seed, workers, partial(chaos, workers), call_seconds=seconds
                )
                workers.keep(2)


def _kill(workers: Workers, chance: random.Random) -> int:
    workers.kill(chance.choice(workers.processes))
    workers.keep(2)
    return 1


def _stall(workers: Workers, chance: random.Random) -> int:
    process = chance.choice(workers.processes)
    process.send_signal(signal.SIGSTOP)
    time.sleep(STOPPED_SECONDS)
    process.send_signal(signal.SIGCONT)
    return 1
