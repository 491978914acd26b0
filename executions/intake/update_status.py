"""The status of an execution as its external runner reports it: five stages, the same for workflows
and agents.

The status of an update is merged over the stored one; the order of the run (input, owner, version,
instance, name) never changes. Updates carry a sequence: one that comes late or twice is ignored,
and an execution that ended never goes back.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from pydantic import ValidationError

from executions import clock, policy
from executions.driving.lease import load_records
from executions.errors import NotStorable, Refused
from executions.ids import parse_public_id
from executions.intake import merge_conversation, merge_tasks, reported_columns, runner_phase
from executions.intake.merge_tasks import Merged
from executions.intake.pipeline import Pipeline
from executions.intake.status_update import AGENT_ONLY, WORKFLOW_ONLY, StatusUpdate
from executions.models import Execution
from executions.models.move import Applied, Move
from executions.models.moves import announce_after_commit, write
from executions.roles import Role
from executions.states import ENDED_PHASES, Runner
from executions.values import storable

PREFIXES = {"workflow": "wex", "agent": "aex"}
log = structlog.get_logger(__name__)


@dataclass(slots=True, kw_only=True)
class StatusDraft:
    """First what the runner sends, then what the stages find."""

    kind: str
    execution_id: uuid.UUID | str | None
    actor: User
    given: StatusUpdate | Mapping[str, Any] | None

    id: uuid.UUID | None = None
    update: StatusUpdate | None = None
    existing_execution: Execution | None = None
    is_late: bool = False
    merged: Merged | None = None
    moves: list[Move] = field(default_factory=list)
    applied: Applied | None = None
    execution: Execution | None = None


@dataclass(frozen=True, slots=True)
class StatusUpdated:
    """``execution`` as it stands now. ``is_applied`` is False where the update came late or
    twice.
    """

    execution: Execution
    is_applied: bool


def update_status(
    execution_id: uuid.UUID | str | None,
    actor: User,
    update: StatusUpdate | Mapping[str, Any] | None,
    *,
    kind: str = "workflow",
) -> StatusUpdated:
    """Merge one update.

    Raises Refused, and then nothing is stored: ``invalid``, ``not_found`` (also another's),
    ``forbidden``, ``conflict`` (driven by our own workers, ended, paused).
    """
    draft = PIPELINES[kind].run(
        StatusDraft(kind=kind, execution_id=execution_id, actor=actor, given=update)
    )
    assert draft.execution is not None
    return StatusUpdated(draft.execution, not draft.is_late)


def validate_update_status_input(draft: StatusDraft) -> None:
    """There is an id and an update, and the update can be read and stored."""
    if not draft.execution_id:
        raise Refused(
            "invalid",
            "The execution_id is missing.",
            remedy="Name the execution that is reported on.",
        )
    if draft.given is None:
        raise Refused(
            "invalid", "The status is missing.", remedy="Send an object with at least `sequence`."
        )
    draft.id = _uuid(draft.execution_id, draft.kind)
    draft.update = draft.given if isinstance(draft.given, StatusUpdate) else _read(draft.given)
    foreign = (
        AGENT_ONLY if draft.kind == "workflow" else WORKFLOW_ONLY
    ) & draft.update.model_fields_set
    if foreign:
        raise Refused(
            "invalid", f"{', '.join(sorted(foreign))}: not for a run of the kind {draft.kind}."
        )
    calls = [call.id for call in draft.update.tool_calls or []]
    if len(calls) != len(set(calls)):
        raise Refused(
            "invalid", "Two tool calls have the same id.", remedy="Give each an id of its own."
        )
    _check_storable(draft.update)


def load_existing_execution(draft: StatusDraft) -> None:
    """The row, locked until the commit. To who may not see it, it does not exist."""
    rows = Execution.objects.select_for_update().filter(
        pk=draft.id or uuid.UUID(int=0), kind=draft.kind
    )
    existing = rows.first()
    if existing is None or policy.role(draft.actor, existing) == Role.NOBODY:
        raise Refused("not_found", f"There is no {draft.kind} execution {draft.execution_id}.")
    if not policy.can(draft.actor, "report", existing):
        raise Refused(
            "forbidden", "You may see this execution, but not report on it.", state=existing.phase
        )
    if existing.runner != Runner.EXTERNAL:
        raise Refused(
            "conflict",
            "This execution is driven by our own workers, so nobody else reports its status.",
            state=existing.phase,
            remedy="Start it with `runner: external` to drive it from outside.",
        )
    draft.existing_execution = existing
    log.debug("execution loaded", execution_id=existing.public_id, phase=existing.phase)


def build_new_state_with_status(draft: StatusDraft) -> None:
    """The moves that bring the row to what the update says; only what is given changes."""
    existing, update, now = draft.existing_execution, draft.update, clock.now()
    assert existing is not None and update is not None
    if update.sequence <= existing.runner_sequence:
        draft.is_late = True
        return
    if existing.phase in ENDED_PHASES:
        raise Refused(
            "conflict",
            f"It ended as {existing.phase} and never goes back.",
            state=existing.phase,
            remedy=(
                "Stop reporting on it; a failed run may be retried or recovered, which makes it"
                " PENDING again."
            ),
        )
    draft.merged = _merged(existing, update, now)
    draft.moves = runner_phase.moves(existing, update, draft.merged, draft.actor.pk, now)
    last = draft.moves[-1]
    last.columns |= reported_columns.given(update, last.columns) | reported_columns.heard(
        existing, update, now
    )
    last.columns |= reported_columns.progress(existing, update, draft.merged)
    if draft.merged is not None:
        last.columns |= reported_columns.journal(draft.merged, last.phase, now)
        last.steps, last.supersede = draft.merged.written, draft.merged.supersede()
    tasks_count = len(update.tasks or [])
    log.debug(
        "status merged",
        execution_id=existing.public_id,
        phase=last.phase or existing.phase,
        tasks_count=tasks_count,
    )


def persist_execution(draft: StatusDraft) -> None:
    """Write what was merged; the row is read back as it stands then."""
    existing = draft.existing_execution
    assert existing is not None
    for move in draft.moves:
        draft.applied = write(move)
        assert draft.applied is not None, "the row is locked, so that its phase cannot have changed"
    if draft.moves and draft.kind == "agent" and draft.update is not None:
        merge_conversation.merge(existing, draft.update, draft.moves[-1].at)
    draft.execution = Execution.objects.get(pk=existing.pk)
    logger = log.bind(
        execution_id=existing.public_id, sequence=draft.update and draft.update.sequence
    )
    if draft.is_late:
        logger.info("status update ignored: late or sent twice", known=existing.runner_sequence)
    else:
        logger.info(
            "status update stored", phase=draft.execution.phase, seq=draft.execution.head_seq
        )


def broadcast_to_streams(draft: StatusDraft) -> None:
    """Everybody who watches is told once it is committed; nobody who is slow or away can fail the
    update.
    """
    if draft.applied is not None and draft.moves:
        announce_after_commit(draft.moves[-1], draft.applied)


def _pipeline(kind: str) -> Pipeline[StatusDraft]:
    return Pipeline(
        f"{kind}-execution-update-status",
        validate_update_status_input,
        load_existing_execution,
        build_new_state_with_status,
        persist_execution,
        broadcast_to_streams,
        first_write=load_existing_execution,
        about=lambda draft: {"execution_id": str(draft.execution_id)},
    )


PIPELINES = {kind: _pipeline(kind) for kind in PREFIXES}


def _uuid(execution_id: uuid.UUID | str, kind: str) -> uuid.UUID:
    key = (
        execution_id
        if isinstance(execution_id, uuid.UUID)
        else parse_public_id(execution_id, PREFIXES[kind])
    )
    if key is None:
        named = str(execution_id)[:60]
        raise Refused("not_found", f"There is no {kind} execution {named!r}.")
    return key


def _read(body: Mapping[str, Any]) -> StatusUpdate:
    try:
        return StatusUpdate.model_validate(body)
    except ValidationError as problem:
        problems = [
            f"/{'/'.join(map(str, e['loc']))}: {e['msg']}"
            for e in problem.errors(include_url=False)[:20]
        ]
        raise Refused(
            "invalid", "The status update is not acceptable: " + "; ".join(problems)
        ) from problem


def _check_storable(update: StatusUpdate) -> None:
    """Each value within the limit of a value, the whole within that of a request."""
    values = [
        update.output,
        update.error,
        *(task.model_dump(mode="json") for task in update.tasks or []),
    ]
    try:
        storable(
            update.model_dump(mode="json"),
            limit_bytes=settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 2**31,
        )
        for value in values:
            storable(value, limit_bytes=settings.STIGMER_VALUE_BYTES)
    except NotStorable as problem:
        raise Refused("invalid", f"The status update: {problem}") from problem


def _merged(existing: Execution, update: StatusUpdate, now: datetime) -> Merged | None:
    """The tasks as they stand afterwards; None where the update touches none of them."""
    ends = update.to in ENDED_PHASES
    if update.tasks is None and not ends:
        return None
    records = load_records(existing.pk)
    if update.tasks is None:
        merged = Merged(head_digest=existing.head_digest, standing=records)
    else:
        merged = merge_tasks.merge(
            records,
            update.tasks,
            now=now,
            head_digest=existing.head_digest,
            head_seq=existing.head_seq,
            journal_format=existing.journal_format,
        )
    if ends:
        merge_tasks.close(merged, now)
    return merged
