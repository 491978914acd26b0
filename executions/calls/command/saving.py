"""Stores a git workspace after a command at a place that other hosts can read: if its host is lost,
the workspace is made again from there.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

import structlog

from executions import blobs
from executions.calls.context import StepContext
from executions.calls.outcome import SavedWork
from executions.calls.workspace import git
from executions.isolation.visit import Seconds
from executions.sandbox import Limits, Place, Spoiled, Standing
from executions.sandbox.files import open_below

LEAST_SECONDS, MOST_SECONDS = 5.0, 60.0
# Beside the folders that commands can write: it holds the order of what was packed last.
LOCK = "saved.lock"
log = structlog.get_logger(__name__)


def saved(
    context: StepContext, place: Place, standing: Standing, hidden: Sequence[Path]
) -> SavedWork:
    """The bundle that was stored. If that failed it says why, and the bundle before it stays."""
    limits = context.limits
    seconds = min(MOST_SECONDS, max(LEAST_SECONDS, context.deadline.remaining()))
    git_sandbox = git.Sandbox(
        Path(limits["folder"]),
        standing,
        hidden,
        Limits(limits["memory_bytes"], limits["disk_bytes"]),
        Seconds(seconds),
        context.cancellation,
    )
    resources, order = context.resources, 0
    try:
        # Of two commands that end together the second packs what the first has done, too.
        lock, late = Path(resources["workspace"]) / LOCK, "Another command of the run is stored."
        with git.locked(lock, git_sandbox.deadline, late) as file_of_order:
            order = _next(file_of_order)
            commit = git.save(place, resources["read_only"], resources["start_commit"], git_sandbox)
        with open_below(place.temporary, git.SAVED) as file:
            stored = blobs.at(limits["artifacts"]).put(file, limits["artifact_bytes"])
    except (git.GitFailed, Spoiled, OSError, ValueError) as problem:
        log.warning("the work of a run could not be stored", path=context.path, why=str(problem))
        return SavedWork(problem=str(problem)[:500], order=order)
    return SavedWork(commit, stored.digest, order=order)


def _next(file: TextIO) -> int:
    """A number above all that were taken of this workspace. It begins with the time, so that a
    workspace that was made anew goes on above them too; the clock may be put back between two.
    """
    file.seek(0)
    last = file.read().strip()
    order = max(time.time_ns(), int(last) + 1 if last.isdigit() else 0)
    file.seek(0)
    file.truncate()
    file.write(str(order))
    return order
