"""What the walk asks of its driver, and how a walk ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from executions.calls.duration import Duration
from executions.calls.outcome import Fail
from executions.errors import WorkflowError
from executions.journal.records import StepRecord
from executions.language.model.policies import RetryPolicy
from executions.language.model.task import TaskBase
from executions.language.walking.scope import Scope


@dataclass(frozen=True, slots=True)
class Effect:
    """Commit this begun step, run it, and answer with its final ``Done`` or ``Fail``.

    ``retried_outside`` is True inside a ``try`` that retries: the step's own default retries are
    off then. ``call`` names the row of what is called, ``written`` are its arguments as the author
    wrote them, ``scope`` is what the task's policies can see, ``input`` what the call was first
    made with: late parts of its arguments see it as `.`.
    """

    step: StepRecord
    task: TaskBase
    call: str
    written: Mapping[str, Any]
    deadline_at: datetime | None
    retried_outside: bool
    scope: Scope
    input: Any = None

    def seconds_of(self, duration: Duration) -> float:
        """The length of a duration of its policies. Raises ExpressionError."""
        return self.scope.seconds_of(duration, self.step.input)

    def may_retry(self, policy: RetryPolicy, error: dict[str, Any]) -> bool:
        """What the policy's ``when`` and ``exceptWhen`` say about this error.

        Raises ExpressionError.
        """
        return self.scope.including(error=error).takes(policy, error)


@dataclass(frozen=True, slots=True)
class Park:
    """Commit this waiting step and let go of the execution until ``until`` or until something
    arrives.
    """

    step: StepRecord
    waiting_for: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Spawn:
    """Start the run that this begun step asks for, once, and answer with its final ``Done`` or
    ``Fail``.

    Where it is ``awaited``, that is how the other run ended, else which run was started. What waits
    longer than until ``deadline_at`` is cancelled.
    """

    step: StepRecord
    awaited: bool
    deadline_at: datetime | None


@dataclass(frozen=True, slots=True)
class Breathe:
    """A pure task was recorded: a chance to write what is pending and to look at what was asked
    meanwhile.
    """


Request = Effect | Park | Spawn | Breathe


@dataclass(frozen=True, slots=True)
class Completed:
    output: Any


@dataclass(frozen=True, slots=True)
class Failed:
    """The error that nothing caught, and the path of the innermost step that failed (None: before
    any).
    """

    error: WorkflowError
    path: str | None


Ended = Completed | Failed


class TaskFailed(Exception):
    """Travels up the walk until a ``try`` catches it.

    ``boundary`` is the task whose time limit was hit, if any; ``fail`` what the attempt itself
    said, if one was made.
    """

    def __init__(
        self, error: WorkflowError, path: str, boundary: str | None = None, fail: Fail | None = None
    ) -> None:
        super().__init__(error.detail)
        self.fail = fail
        self.error = error
        self.path = path
        self.boundary = boundary
