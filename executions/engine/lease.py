"""Taking an execution to drive it. The token fences: who holds an older one can write nothing any more."""

from __future__ import annotations

import uuid
from contextlib import suppress
from dataclasses import dataclass

from executions import clock
from executions.engine.versions import Parsed, parsed
from executions.models import Execution, Step
from executions.models.moves import Claim, Lease, Move, apply
from executions.models.transactions import atomic
from executions.records import DECISION, StepRecord
from executions.states import Phase, StepStatus

RECORD_FIELDS = (
    "path", "name", "kind", "status", "attempt", "generation", "input", "arguments", "output", "context", "error",
    "control", "started_at", "finished_at", "wake_at", "optional", "id", "seq", "digest", "superseded_by_id",
)  # fmt: skip


@dataclass(slots=True)
class Held:
    """An execution in the hands of this process, as it was when it was taken."""

    execution: Execution
    definition: Parsed
    records: list[StepRecord]
    token: int
    inbox: int
    cancel_asked: bool
    pause_asked: bool
    first_time: bool


def claim(execution_id: uuid.UUID, process_id: uuid.UUID, *, alone: bool = False) -> Held | None:
    """Take an execution that is due, or whose process died. None: there is nothing to do, or somebody else has it.

    ``alone`` takes only one that has to be driven by a process that holds nothing else; otherwise it takes no such one.
    """
    now = clock.now()
    move = Move(
        execution_id,
        Claim(process_id, alone),
        to=Phase.IN_PROGRESS,
        columns={"process_id": process_id, "wake_at": None, "waiting_for": "", "rung_at": None},
        if_null={"started_at": now},
        increments=("token",),
        # Set only where it was in somebody's hands: of those, only the dead are taken over.
        copies={"left_by_id": "process_id"},
        at=now,
    )
    with atomic():
        applied = apply(move)
        if applied is None:
            return None
        # Read after the UPDATE, under its row lock: what a decision wrote just before is seen.
        execution = Execution.objects.get(pk=execution_id)
        assert execution.version_id is not None, "only runs of workflows are claimed"
        definition = parsed(execution.version_id)
        # The token counts the claims. Who held it before may have ended before it wrote anything.
        first_time = applied.token == 1 or not (execution.head_digest or execution.events.exists())
        records = [] if first_time else load_records(execution_id)
    asked = (applied.cancel_asked, applied.pause_asked)
    return Held(execution, definition, records, applied.token, applied.inbox, *asked, first_time)


def give_back(execution_id: uuid.UUID, token: int, queue: str, owner_id: int) -> bool:
    """Let go of what nobody of this process drives any more; False: it is in other hands already."""
    columns = {"process_id": None, "wake_at": clock.now()}
    move = Move(execution_id, Lease(token), to=Phase.PENDING, columns=columns, owner_id=owner_id, ring=queue)
    return apply(move) is not None


def load_records(execution_id: uuid.UUID) -> list[StepRecord]:
    """The standing steps of an execution, decisions left out, in one query."""
    rows = (
        Step.objects.filter(execution_id=execution_id, superseded_by=None)
        .exclude(kind=DECISION)
        .order_by("id")
        .values_list(*RECORD_FIELDS)
    )
    return [record_of(row) for row in rows]


def record_of(row: tuple[object, ...]) -> StepRecord:
    record = StepRecord(*row)  # type: ignore[arg-type]
    # A status that nobody knows stays as it is: the verification of the chain finds it.
    with suppress(ValueError):
        record.status = StepStatus(record.status)
    return record
