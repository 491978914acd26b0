"""The rows of the journal as plain values, shared by the walker (which knows no database) and the
models.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from executions.ids import uuid7
from executions.states import FINISHED_STATUSES, OPEN_STATUSES, StepStatus, WaitingFor
from executions.values import dumps

Json = Any
DECISION = "decision"
CALL = "call"
# How the journal of a run that begins now is written; one of a higher number is a newer Stigmer's.
# A run keeps the format that it began with, and every format is read and verified for good
# (executions.journal.links).
JOURNAL_FORMAT = 2
# The values of a step that are kept as JSON text, in the order in which its digest covers them.
STORED_AS_TEXT = ("input", "arguments", "output", "context", "error", "control")

LONGEST_RULE = 100


def newest_format() -> int:
    """The format of a run that begins now."""
    return JOURNAL_FORMAT


@dataclass(slots=True)
class StepRecord:
    """One task's record in one execution.

    ``input`` is the task's transformed input, ``arguments`` the evaluated ``with`` of a call (what
    a later attempt sends again), ``control`` what the walker decided (items of a loop, case taken,
    wait-until), ``context`` is ``{"value": …}`` where the task exported. ``seq`` is given when the
    step finishes, in commit order. A key of ``control`` that this version does not know is kept as
    it is: the digest covers it.
    """

    path: str
    name: str
    kind: str
    status: StepStatus = StepStatus.RUNNING
    attempt: int = 1
    generation: int = 1
    input: Json = None
    arguments: Json = None
    output: Json = None
    context: Json = None
    error: Json = None
    control: dict[str, Any] = field(default_factory=dict)
    started_at: datetime | None = None
    finished_at: datetime | None = None
    wake_at: datetime | None = None
    waiting_for: str = WaitingFor.NOTHING
    optional: bool = False
    id: uuid.UUID = field(default_factory=uuid7)
    seq: int | None = None
    digest: str = ""
    superseded_by_id: uuid.UUID | None = None
    # Values of STORED_AS_TEXT that were written as text already, so that what is hashed is what is
    # stored. A copy made by ``replace`` begins without.
    texts: dict[str, str | None] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    # Of the row that it was read from.
    characters: int = field(default=0, init=False, repr=False, compare=False)

    def enter(
        self,
        status: StepStatus,
        at: datetime | None = None,
        *,
        wake_at: datetime | None = None,
        waiting_for: str = WaitingFor.NOTHING,
    ) -> None:
        """Into this status; ``at`` is the moment at which that ends it, ``wake_at`` until when it
        waits.
        """
        self.status, self.wake_at, self.waiting_for = status, wake_at, waiting_for
        if status not in OPEN_STATUSES:
            self.finished_at = at

    def as_texts(self) -> dict[str, str | None]:
        """The values of STORED_AS_TEXT as they stand in the row; SQL NULL where there is none.

        Raises NotStorable.
        """
        written = self.texts
        return {
            name: written[name] if name in written else self._text(name) for name in STORED_AS_TEXT
        }

    def _text(self, name: str) -> str | None:
        value = getattr(self, name)
        return None if value is None else dumps(value)

    def is_finished(self) -> bool:
        return self.status in FINISHED_STATUSES

    @property
    def is_call(self) -> bool:
        """Whether it makes calls, which may have happened where nobody knows their outcome."""
        return self.kind == CALL

    def may_be_under_way(self) -> bool:
        """Whether a call of it has begun of which no outcome is written."""
        return self.is_call and self.status == StepStatus.RUNNING


@dataclass(slots=True)
class AttemptRecord:
    """One try of a step, kept where it failed or where an earlier one did."""

    step_id: uuid.UUID
    number: int
    outcome: str
    started_at: datetime
    finished_at: datetime
    error: Json = None
    verdict: str = ""
    rule: str = ""
    delay_seconds: float | None = None
    log: str = ""

    def __post_init__(self) -> None:
        self.rule = self.rule[:LONGEST_RULE]


@dataclass(slots=True)
class EventRecord:
    """Something people must not miss. With ``notify_owner`` it also lands in the owner's inbox."""

    name: str
    payload: dict[str, Any] = field(default_factory=dict)
    actor_id: int | None = None
    notify_owner: bool = False
