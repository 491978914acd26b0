"""Stores a git workspace after a command at a place that other hosts can read: if its host is lost,
the workspace is made again from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import structlog

from executions import blobs
from executions.calls.context import StepContext
from executions.calls.outcome import SavedWork
from executions.calls.workspace import git
from executions.isolation.visit import Seconds
from executions.sandbox import Limits, Place, Spoiled, Standing
from executions.sandbox.files import open_below

LEAST_SECONDS, MOST_SECONDS = 5.0, 60.0
log = structlog.get_logger(__name__)


def saved(
    context: StepContext, place: Place, standing: Standing, hidden: Sequence[Path]
) -> SavedWork:
    """The bundle that was stored. If that failed it says why, and the bundle before it stays."""
    limits = context.limits
    seconds = min(MOST_SECONDS, max(LEAST_SECONDS, context.deadline.remaining()))
    around = git.Sandbox(
        Path(limits["folder"]),
        standing,
        hidden,
        Limits(limits["memory_bytes"], limits["disk_bytes"]),
        Seconds(seconds),
        context.cancellation,
    )
    given = context.resources
    try:
        commit = git.save(place, given["read_only"], given["start_commit"], around)
        with open_below(place.temporary, git.SAVED) as file:
            stored = blobs.at(limits["artifacts"]).put(file, limits["artifact_bytes"])
    except (git.GitFailed, Spoiled, OSError, ValueError) as problem:
        log.warning("the work of a run could not be stored", path=context.path, why=str(problem))
        return SavedWork(problem=str(problem)[:500])
    return SavedWork(commit, stored.digest)
