"""The figures that a round measures of one system, and medians and ratios over the rounds."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import psutil

# Of the completions, those in the middle give the rate: how all were started does not count then.
FROM, TO = 0.1, 0.9
# A step may begin before the client looks at its clock: no start is shorter than this.
LEAST_START = 0.00001
OURS = "Stigmer"


@dataclass(frozen=True, slots=True)
class Measured:
    """``worker_cpu_ms`` and ``database_cpu_ms`` (PostgreSQL and Redis) are for one workflow;
    ``additions_ms`` is the processor time of a million additions just before, ``load`` how many
    wanted a processor then.
    """

    workflows_per_second: float
    step_to_step_ms: float
    step_to_step_p99_ms: float
    idle_start_ms: float
    worker_cpu_ms: float
    database_cpu_ms: float
    additions_ms: float
    load: float


Found = Mapping[str, Sequence[Measured]]


def medians(by_system: Found, key: str) -> dict[str, float]:
    """One figure of each system."""
    return {
        name: statistics.median(getattr(each, key) for each in rounds)
        for name, rounds in by_system.items()
    }


def ratios(by_system: Found, key: str) -> dict[str, float]:
    """Ours as a multiple of each peer's in the same round; the median of the rounds.

    A peer without a ratio used none of it: DBOS on SQLite has no server.
    """
    return {
        name: statistics.median(
            getattr(ours, key) / getattr(theirs, key)
            for ours, theirs in zip(by_system[OURS], rounds, strict=True)
        )
        for name, rounds in by_system.items()
        if name != OURS and all(getattr(each, key) for each in rounds)
    }


def measured(
    load: Callable[[], Sequence[Sequence[float]]],
    singly: Callable[[], Sequence[Sequence[float]]],
    pids: Iterable[int],
    database: Iterable[psutil.Process],
) -> Measured:
    """``load`` gives the rate and the processor time, ``singly`` the time between two steps. Both
    give for each workflow when it was committed, and then when its steps ran.
    """
    from benchmarks.figures import between, percentile

    busy, additions = os.getloadavg()[0], million_additions()
    working, database = [psutil.Process(pid) for pid in pids], list(database)
    used, used_there = seconds_of(working), seconds_of(database)
    times = load()
    used, used_there = seconds_of(working) - used, seconds_of(database) - used_there
    ends = sorted(max(each) for each in times)
    first, last = int(len(ends) * FROM), int(len(ends) * TO)
    alone = singly()
    starts = [max(LEAST_START, min(each[1:]) - each[0]) for each in alone]
    gaps = between(sorted(each[1:]) for each in alone)
    return Measured(
        workflows_per_second=round((last - first) / (ends[last] - ends[first]), 1),
        step_to_step_ms=round(percentile(gaps, 0.5) * 1000, 2),
        step_to_step_p99_ms=round(percentile(gaps, 0.99) * 1000, 2),
        idle_start_ms=round(percentile(starts, 0.5) * 1000, 2),
        worker_cpu_ms=round(used / len(times) * 1000, 2),
        database_cpu_ms=round(used_there / len(times) * 1000, 2),
        additions_ms=round(additions * 1000, 1),
        load=round(busy, 1),
    )


def million_additions() -> float:
    """Seconds of the processor: how fast this machine is at the moment."""
    began, total = time.process_time(), 0
    for number in range(1_000_000):
        total += number
    return time.process_time() - began


def seconds_of(processes: Iterable[psutil.Process]) -> float:
    """Processor time of processes and their children, of those that ended too."""
    seconds = 0.0
    for process in processes:
        own = process.cpu_times()
        seconds += own.user + own.system + own.children_user + own.children_system
        for child in process.children(recursive=True):
            try:
                times = child.cpu_times()
            except psutil.NoSuchProcess:  # it has just ended, and its parent has its time
                continue
            seconds += times.user + times.system + times.children_user + times.children_system
    return float(seconds)
