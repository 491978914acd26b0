"""`make faults MINUTES=30`: trials of every fault on both databases, each process on from where the
last run stopped; what lacks most of its trials comes first.

Results go to `test-artifacts/faults/`; the sums are printed at the end. `--fault F1 --database
sqlite` runs one.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection
from itertools import product
from pathlib import Path
from types import ModuleType

from tests.faults.harness import (
    f01_agents,
    f01_every_write,
    f01_random,
    f02_processes,
    f02_stalls,
    f03_two_drivers,
    f04_redis,
    f05_postgres,
    f06_web,
    f08_clocks,
    f09_full_disk,
    f11_poison,
    f12_mutations,
    f15_network,
    f16_verbs,
    f17_streams,
)
from tests.faults.harness.results import Results
from tests.faults.harness.rig import DATABASES, ROOT, rig
from tests.faults.harness.shapes import BY_NAME

FAULTS: dict[str, ModuleType] = {
    module.FAULT: module
    for module in (
        f01_every_write,
        f01_agents,
        f01_random,
        f02_processes,
        f02_stalls,
        f03_two_drivers,
        f04_redis,
        f05_postgres,
        f06_web,
        f08_clocks,
        f09_full_disk,
        f12_mutations,
        f15_network,
        f16_verbs,
        f17_streams,
        f11_poison,
    )
}


# How many trials of each are wanted, on both databases together.
WANTED = {
    "F1": 2235,
    "F1A": 300,
    "F1R": 300,
    "F2": 100,
    "F2S": 200,
    "F3": 200,
    "F4": 50,
    "F5": 430,
    "F6": 30,
    "F8": 20,
    "F9": 10,
    "F11": 10_000,
    "F12": 50_000,
    "F15": 100,
    "F16": 5_000,
    "F17": 200,
}

# Its one trial may take longer than the whole run.
LONG = {"F11"}


def run_here(
    fault: str, database: str, deadline: float, folder: Path, *, again: bool, shapes: str = ""
) -> int:
    """One fault on one database in this process; how many trials violated something.

    ``shapes`` names the shapes of F1, all where it is empty.
    """
    results, violated = Results(fault, again=again), 0
    only = {"shapes": [BY_NAME[name] for name in shapes.split(",")]} if shapes else {}
    with rig(database, folder) as made:
        for trial in FAULTS[fault].trials(made, results.done, **only):
            results.add(trial)
            if trial.violations:
                violated += 1
                print(f"{fault} {trial.seed}: {'; '.join(trial.violations)}"[:2000], flush=True)
            if time.monotonic() > deadline:
                break
    return violated


def in_order(total_of: Callable[[str], int]) -> list[str]:
    """The faults, those first that have the smallest share of the trials that are wanted."""
    return sorted(
        FAULTS, key=lambda fault: (fault in LONG, min(1.0, total_of(fault) / WANTED[fault]))
    )


def run_all(minutes: float, asked: Collection[tuple[str, str]], *, again: bool) -> int:
    """These faults on these databases, each in a process of its own, until the time is over."""
    deadline = time.monotonic() + minutes * 60
    worst = 0
    pairs = [
        (fault, database)
        for fault in in_order(lambda fault: Results(fault).total())
        for database in DATABASES
        if (fault, database) in asked
    ]
    for number, (fault, database) in enumerate(pairs):
        left = deadline - time.monotonic()
        if left <= 0:
            break
        share = max(0.2, left / 60 / (len(pairs) - number) * 3)
        command = [
            sys.executable,
            "-m",
            "tests.faults.harness",
            "--fault",
            fault,
            "--database",
            database,
        ]
        command += ["--minutes", str(min(share, left / 60)), *(["--again"] if again else [])]
        worst = max(worst, subprocess.run(command, cwd=ROOT).returncode)
    return worst


def print_sums() -> None:
    for fault in FAULTS:
        results = Results(fault)
        of = f"of {WANTED[fault]}"
        print(f"{fault:4} {results.total():>7} trials {of:>9}, {len(results.violated())} violated")


def main() -> int:
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--fault", choices=FAULTS)
    parser.add_argument("--database", choices=DATABASES)
    parser.add_argument(
        "--again", action="store_true", help="run the seeds that were violated once more"
    )
    parser.add_argument("--shapes", default="", help="of F1, these shapes only: forked,childed")
    parser.add_argument("--sums", action="store_true", help="only print what there is")
    asked = parser.parse_args()
    if asked.sums:
        print_sums()
        return 0
    if asked.fault is None or asked.database is None:
        faults = [asked.fault] if asked.fault else FAULTS
        databases = [asked.database] if asked.database else DATABASES
        worst = run_all(asked.minutes, list(product(faults, databases)), again=asked.again)
        print_sums()
        return worst
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        deadline = time.monotonic() + asked.minutes * 60
        how = {"again": asked.again, "shapes": asked.shapes}
        violated = run_here(asked.fault, asked.database, deadline, Path(folder), **how)
    return 1 if violated else 0


if __name__ == "__main__":
    sys.exit(main())
