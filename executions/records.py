"""The rows of the journal as plain values, shared by the walker (which knows no database) and the models."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from executions.ids import uuid7
from executions.states import FINISHED_STATUSES, StepStatus

Json = Any
DECISION = "decision"
# How journals are written now; one of a higher number was written by a newer Stigmer.
JOURNAL_FORMAT = 1


@dataclass(slots=True)
class StepRecord:
    """One task's record in one execution.

    ``input`` is the task's transformed input, ``arguments`` the evaluated ``with`` of a call (what a later attempt
    sends again), ``control`` what the walker decided (items of a loop, case taken, wait-until), ``context`` is
    ``{"value": …}`` where the task exported. ``seq`` is given when the step finishes, in commit order.
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
    optional: bool = False
    id: uuid.UUID = field(default_factory=uuid7)
    seq: int | None = None
    digest: str = ""
    superseded_by: uuid.UUID | None = None

    def is_finished(self) -> bool:
        return self.status in FINISHED_STATUSES


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


@dataclass(slots=True)
class EventRecord:
    """Something people must not miss. With ``notify_owner`` it also lands in the owner's inbox."""

    name: str
    payload: dict[str, Any] = field(default_factory=dict)
    actor_id: int | None = None
    notify_owner: bool = False
