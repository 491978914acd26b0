"""`python -m tests.faults.harness --minutes 30`: goes on where the last run stopped; prints the sums at the end."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.faults.harness import (
    f01_every_write,
    f02_processes,
    f03_two_drivers,
    f04_redis,
    f05_postgres,
    f12_mutations,
)
from tests.faults.harness.results import Results
from tests.faults.harness.rig import DATABASES, rig

FAULTS = {"F1": f01_every_write, "F2": f02_processes, "F3": f03_two_drivers, "F4": f04_redis, "F5": f05_postgres, "F12": f12_mutations}


def run_here(fault: str, database: str, deadline: float, folder: Path) -> int:
    """One fault on one database in this process; how many trials violated something."""
    results, violated = Results(fault), 0
    with rig(database, folder) as made:
        for trial in FAULTS[fault].trials(made, results.done):
            results.add(trial)
            if trial.violations:
                violated += 1
                print(f"{trial.seed}: {'; '.join(trial.violations)}", flush=True)
            if time.monotonic() > deadline:
                break
    return violated


def main() -> int:
    parser = argparse.ArgumentParser(prog="faults")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--fault", choices=FAULTS, required=True)
    parser.add_argument("--database", choices=DATABASES, required=True)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        violated = run_here(asked.fault, asked.database, time.monotonic() + asked.minutes * 60, Path(folder))
    return 1 if violated else 0


if __name__ == "__main__":
    sys.exit(main())
