"""F1R: workers are ended by SIGKILL at random moments while a mixed batch is under way; two are
kept alive throughout.

Each trial is ten kills over one batch, at the end of which every execution is judged and the bounds
(I9) are compared with what the same batch left behind unharmed.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from functools import partial

from tests.faults.harness import work
from tests.faults.harness.bounds import Bounds
from tests.faults.harness.results import Trial
from tests.faults.harness.rig import Rig
from tests.faults.harness.shapes import SHAPES
from tests.faults.harness.storm import storm
from tests.faults.harness.workers import Workers, crew

FAULT = "F1R"
TRIALS, KILLS_EACH, EXECUTIONS = 15, 10, 90
CALL_SECONDS = 0.4
LONGEST_PAUSE_SECONDS = 2.0
WORKERS = 2


def trials(rig: Rig, done: set[str]) -> Iterator[Trial]:
    seeds = [f"{rig.database}:{number}" for number in range(TRIALS)]
    if done.issuperset(seeds):
        return
    rig.in_child(partial(work.apply, SHAPES, rig.ledger_url))
    with crew(rig, WORKERS) as (workers, server):
        batch = partial(
            storm, rig, FAULT, workers=workers, executions=EXECUTIONS, call_seconds=CALL_SECONDS
        )
        batch(seed=f"{rig.database}:unharmed:{time.time_ns()}", chaos=lambda chance: 0)
        bounds = Bounds(rig, server.client, lambda: [process.pid for process in workers.processes])
        for seed in seeds:
            if seed not in done:
                trial = batch(seed=seed, chaos=partial(_kill_at_random, workers), by_takeover=True)
                trial.count = int(trial.facts["kills"])
                trial.violations += bounds.exceeded()
                trial.facts["bounds"] = bounds.last
                yield trial


def _kill_at_random(workers: Workers, chance: random.Random) -> int:
    for _ in range(KILLS_EACH):
        time.sleep(chance.uniform(0.0, LONGEST_PAUSE_SECONDS))
        workers.keep(WORKERS)
        workers.kill(chance.choice(workers.processes))
        workers.keep(WORKERS)
    return KILLS_EACH
