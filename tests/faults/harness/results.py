"""Results: one JSON line per trial in ``test-artifacts/faults/``, so that a run resumes where the
last one stopped.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[3] / "test-artifacts" / "faults"


@dataclass(slots=True)
class Trial:
    """One trial: which fault, what names it (its seed), what was found. No violation is a pass."""

    fault: str
    seed: str
    count: int = 1
    seconds: float = 0.0
    violations: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)


class Results:
    """The lines of one fault; ``done`` are the seeds that have a verdict.

    ``again``: the violated are run once more.
    """

    def __init__(self, fault: str, folder: Path = FOLDER, *, again: bool = False) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.fault = fault
        self.path = folder / f"{fault}.jsonl"
        # The last verdict on a seed counts.
        self.trials = {trial.seed: trial for trial in read(self.path)}
        self.done = {
            seed for seed, trial in self.trials.items() if not (again and trial.violations)
        }

    def add(self, trial: Trial) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({**asdict(trial), "at": round(time.time(), 3)}) + "\n")
        self.trials[trial.seed] = trial
        self.done.add(trial.seed)

    def total(self) -> int:
        return sum(trial.count for trial in self.trials.values())

    def violated(self) -> list[Trial]:
        return [trial for trial in self.trials.values() if trial.violations]


def read(path: Path) -> Iterator[Trial]:
    if not path.exists():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        values = json.loads(line)
        values.pop("at", None)
        yield Trial(**values)
