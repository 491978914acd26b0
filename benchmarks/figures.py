"""Numbers out of samples, and samples out of the journal."""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterable, Sequence
from itertools import pairwise

from executions.models import Step

NANOSECONDS = 1_000_000_000


def percentile(samples: Sequence[float], share: float) -> float:
    """The smallest sample that at least ``share`` (0 to 1) of all do not exceed."""
    ordered = sorted(samples)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def spread(samples: Sequence[float]) -> dict[str, float]:
    """p50 and p99 in milliseconds of samples in seconds, with their number."""
    return {
        "p50_ms": round(percentile(samples, 0.5) * 1000, 3),
        "p99_ms": round(percentile(samples, 0.99) * 1000, 3),
        "samples": len(samples),
    }


def moments(execution_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[float]]:
    """When each step's function ran (seconds since the epoch), by execution, in order."""
    by_execution: dict[uuid.UUID, list[float]] = {}
    rows = Step.objects.filter(execution_id__in=list(execution_ids), kind="call").values_list(
        "execution_id", "output"
    )
    for execution_id, output in rows:
        assert output is not None
        by_execution.setdefault(execution_id, []).append(output["at"] / NANOSECONDS)
    return {execution_id: sorted(seen) for execution_id, seen in by_execution.items()}


def between(times: Iterable[Sequence[float]]) -> list[float]:
    """The gaps between neighbours, of all sequences together."""
    return [later - earlier for each in times for earlier, later in pairwise(each)]
