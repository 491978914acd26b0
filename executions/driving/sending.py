"""Going on with a walk: what it asks for next, and what becomes of errors that are not its own."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import structlog

from executions import sealed
from executions.driving.drive import Yielded
from executions.errors import WorkflowError
from executions.language.walking.requests import Request, TaskFailed
from executions.values import clean_text

log = structlog.get_logger(__name__)


class BrokenOff(Exception):
    """A walk, or a branch of one, ended by an error of ours."""

    def __init__(self, error: WorkflowError) -> None:
        super().__init__(error.detail)
        self.error = error


def sent(walk: Generator[Request, Any, Any], answer: Any) -> Request:
    """The next request of the walk.

    Raises StopIteration and TaskFailed as it ends, Yielded where this process ends, and
    :class:`BrokenOff`.
    """
    try:
        return walk.send(answer)
    except (StopIteration, TaskFailed):
        raise
    except Exception as problem:
        raise BrokenOff(why(problem)) from problem


def why(problem: Exception) -> WorkflowError:
    """The error that a walk ends with which broke off by this one.

    Raises Yielded where this process ends.
    """
    if isinstance(problem, sealed.SealedClosed):
        # This process ends, or somebody asked something. The next driver of the execution evaluates
        # the same again.
        raise Yielded from None
    # The walk is pure: walking again would end in the same error, for ever.
    log.error("the walk broke off", exc_info=problem)
    detail = clean_text(f"Stigmer could not go on: {type(problem).__name__}: {problem}")
    return WorkflowError.standard("runtime", detail)
