"""A few trials of each fault that needs no long patience: `python -m tests.faults.harness.smoke
sqlite 7` (a seed).
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from tests.faults.harness import (
    f01_every_write,
    f02_processes,
    f02_stalls,
    f03_two_drivers,
    f12_mutations,
    f15_network,
    f16_verbs,
)
from tests.faults.harness.results import Trial
from tests.faults.harness.rig import Rig, rig
from tests.faults.harness.shapes import SHAPES

EVERY = 17


def trials(made: Rig, seed: int) -> Iterator[Trial]:
    """Which points and shapes are tried changes with ``seed``; what each trial does is its own."""
    chance = random.Random(seed)
    shapes = chance.sample(SHAPES, 3)
    yield from f01_every_write.trials(made, set(), shapes, step=EVERY, first=1 + seed % EVERY)
    yield from islice(f02_processes.trials(made, {f"{made.database}:kill:0"}), 2)
    yield from islice(f02_stalls.trials(made, set()), 6)
    yield from islice(f03_two_drivers.trials(made, set()), 3)
    yield from islice(f12_mutations.trials(made, set()), 2)
    yield from islice(f15_network.trials(made, set()), 3)
    yield from islice(f16_verbs.trials(made, set()), 1)


def main(database: str, seed: int) -> int:
    count, violated = 0, 0
    with (
        tempfile.TemporaryDirectory(prefix="faults-") as folder,
        rig(database, Path(folder)) as made,
    ):
        for trial in trials(made, seed):
            count += trial.count
            if trial.violations:
                violated += 1
                print(f"{trial.fault} {trial.seed}: {'; '.join(trial.violations)}"[:2000])
    print(f"{count} trials on {database} with seed {seed}, {violated} violated")
    return 1 if violated else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
