"""The requests of a walk to its driver, and the ends of a walk.

A walk is a generator that yields requests and is sent their answers. A walk over something else
than a workflow yields the same ones: :class:`Effect` (make this call), :class:`Spawn` (another
run), :class:`Park` (let go until a moment), :class:`Breathe` (a step was recorded), and
:class:`Fork`, which has several walks driven beside each other. A branch is a walk of its own: it
yields the same requests, may fork again, and ends by returning what it gives or by raising
:class:`TaskFailed`. Calls of all branches are made at the same time.

A walk records with ``journal.begin`` and ``journal.finish`` before it yields, and breathes once a
step is finished. On replay it passes what is finished without a word: the driver walks all branches
to their first request before it begins anything, and only then judges whether the journal holds
what no walk came past.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
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
        """The verdict of the policy's ``when`` and ``exceptWhen`` on this error.

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

    For one that is ``awaited`` that is how the other run ended, else which run was started. A run
    that is waited for beyond ``deadline_at`` is cancelled.
    """

    step: StepRecord
    awaited: bool
    deadline_at: datetime | None
    # The kind of the call that asks for it, where one does.
    call: str = ""


@dataclass(frozen=True, slots=True)
class Emit:
    """Keep this event with the next boundary; answered with None."""

    step: StepRecord
    envelope: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Listen:
    """Wait until this begun step is offered events that fit one of its filters; answered with a
    list of :class:`Heard`, in the order in which they came.

    ``known`` are events that it took already, ``passed`` those that this walk passed over.
    ``needs_one``: it ends with the first. Nothing is waited for after ``deadline_at``: the list is
    empty then.
    """

    step: StepRecord
    filters: Sequence[dict[str, Any]]
    known: Sequence[str]
    passed: Sequence[str]
    needs_one: bool
    deadline_at: datetime | None


@dataclass(frozen=True, slots=True)
class Recall:
    """Answer with the events of these ids, which the step took, in their order; None for one that
    is kept no longer.
    """

    step: StepRecord
    events: Sequence[str]


@dataclass(frozen=True, slots=True)
class Take:
    """Write with the next boundary which events the step took and which it passed over; answered
    with None. Once it ``is_over`` the step listens no more.
    """

    step: StepRecord
    taken: Sequence[str]
    passed: Sequence[str]
    is_over: bool


@dataclass(frozen=True, slots=True)
class Heard:
    """An event that a step was offered: its id, and which of the filters it fits, each with the
    values that bind the events that follow.
    """

    event: str
    fits: Mapping[str, Mapping[str, Any]]
    envelope: dict[str, Any]


EventRequest = Emit | Listen | Recall | Take


@dataclass(frozen=True, slots=True)
class Breathe:
    """A pure task was recorded: a chance to write what is pending and to look at what was asked
    meanwhile.
    """


@dataclass(frozen=True, slots=True)
class Branch:
    """One of several walks beside each other: ``path`` is what its steps stand at or below."""

    path: str
    begin: Callable[[], Generator[Request, Any, Any]]


@dataclass(frozen=True, slots=True)
class Fork:
    """Walk these beside each other, and answer with :class:`Joined` once they have come to an end.

    At most ``at_once`` have begun and not ended at any time. If one fails, every begun step comes
    to its outcome and nothing new begins; waits stay as they stand. If they ``compete`` the first
    to succeed is the only one: the steps that the others began are closed, and one that fails is
    out.
    """

    step: StepRecord
    branches: Sequence[Branch]
    at_once: int | None = None
    compete: bool = False


@dataclass(slots=True)
class Joined:
    """How branches ended, by their place: what each returned, and how each failed.

    ``winner`` is the place of the first that succeeded, where they compete.
    """

    results: dict[int, Any] = field(default_factory=dict)
    failures: dict[int, TaskFailed] = field(default_factory=dict)
    winner: int | None = None


@dataclass(frozen=True, slots=True)
class Abandon:
    """Close what is open below this path, and cancel the runs that it waits for: it was taken from
    outside, and nobody goes on with it.
    """

    path: str


Request = Effect | Park | Spawn | EventRequest | Breathe | Fork | Abandon


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

    ``path`` is the innermost step that failed, ``paths`` all of them where several branches did.
    ``boundary`` is the task whose time limit was hit, if any; ``fail`` what the attempt itself
    said, if one was made.
    """

    def __init__(
        self,
        error: WorkflowError,
        path: str,
        boundary: str | None = None,
        fail: Fail | None = None,
        paths: Sequence[str] = (),
    ) -> None:
        super().__init__(error.detail)
        self.paths = list(paths) or [path]
        self.fail = fail
        self.error = error
        self.path = path
        self.boundary = boundary
