"""F4: Redis is flushed, ended and started empty, paused, stopped, or out of memory."""

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
from tests.faults.harness.storm import storm
from tests.faults.harness.workers import Redis, crew

FAULT = "F4"
TRIALS = 25


def trials(rig: Rig, done: set[str]) -> Iterator[Trial]:
    rig.in_child(partial(work.apply, SHAPES, rig.ledger_url))
    kinds = [_flush, _restart, _pause, _stop, _full]
    with crew(rig) as (workers, server):
        for number in range(TRIALS):
            chaos = kinds[number % len(kinds)]
            seed = f"{rig.database}:{chaos.__name__.lstrip('_')}:{number}"
            if seed not in done:
                workers.keep(2)
                yield storm(rig, FAULT, seed, workers, partial(chaos, server))


def _flush(server: Redis, chance: random.Random) -> int:
    server.client.flushall()
    return 0


def _restart(server: Redis, chance: random.Random) -> int:
    server.restart()
    return 0


def _pause(server: Redis, chance: random.Random) -> int:
    server.client.execute_command("CLIENT", "PAUSE", "2000")
    return 0


def _stop(server: Redis, chance: random.Random) -> int:
    server.process.send_signal(signal.SIGSTOP)
    time.sleep(chance.uniform(1.0, 3.0))
    server.process.send_signal(signal.SIGCONT)
    return 0


def _full(server: Redis, chance: random.Random) -> int:
    server.client.config_set("maxmemory", 1)
    time.sleep(chance.uniform(0.5, 2.0))
    server.client.config_set("maxmemory", 0)
    return 0
