"""F1A: F1 for a run of an agent: SIGKILL before and after every SQL write and every COMMIT."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tests.faults.harness import f01_every_write
from tests.faults.harness.agents import AGENT
from tests.faults.harness.results import Trial
from tests.faults.harness.rig import Rig

FAULT = "F1A"


def trials(rig: Rig, done: set[str], step: int = 1, first: int = 1) -> Iterator[Trial]:
    """Every point that has no verdict yet; ``step`` and ``first`` leave points out."""
    for trial in f01_every_write.trials(rig, done, [AGENT], step, first):
        yield replace(trial, fault=FAULT)
