"""The history of an execution as the API shows it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from executions import showing
from executions.api.render import links
from executions.api.schemas import journal as shapes
from executions.ids import public_id
from executions.journal.decided import Call, Decision
from executions.language.walking import late
from executions.models import Attempt, Event, Execution, Step
from executions.verbs.deciding.restore import Checkpoint

_OF_A_DECISION = (
    "verb",
    "reason",
    "supersedes",
    "reinstates",
    "checkpoint",
    "undoes",
    "version",
    "edited_input",
    "as_new_operation",
)


def step(execution: Execution, row: Step) -> shapes.Step:
    step_id = public_id("stp", row.pk)
    here = f"/{execution.kind}-executions/{execution.public_id}/steps/{step_id}"
    return shapes.Step(
        id=step_id,
        seq=row.seq,
        path=row.path,
        name=row.name,
        kind=row.kind,
        status=row.status,
        attempt=row.attempt,
        optional=row.optional,
        superseded=row.superseded_by_id is not None,
        idempotency_key=_key(row),
        input=showing.value(row.input),
        arguments=showing.value(late.shown(row.arguments, row.control)),
        output=showing.value(row.output),
        error=showing.value(row.error),
        decision=_decision(row),
        started_at=row.started_at,
        finished_at=row.finished_at,
        wake_at=row.wake_at,
        digest=row.digest,
        links=links.to(here, attempts=f"{here}/attempts"),
    )


def _key(row: Step) -> str | None:
    return Call.of(row).key if row.kind == "call" else None


def _decision(row: Step) -> dict[str, Any] | None:
    if not row.is_decision():
        return None
    decision = {name: row.control[name] for name in _OF_A_DECISION if name in row.control}
    shown: dict[str, Any] = showing.value(decision)
    return shown


def attempt(row: Attempt) -> shapes.Attempt:
    return shapes.Attempt(
        number=row.number,
        outcome=row.outcome,
        error=showing.value(row.error),
        verdict=row.verdict,
        rule=row.rule,
        delay_seconds=row.delay_seconds,
        correlation_id=row.correlation_id,
        log=showing.text(row.log),
        started_at=row.started_at,
        finished_at=row.finished_at,
    )


def checkpoint(point: Checkpoint) -> shapes.Checkpoint:
    return shapes.Checkpoint(**asdict(point))


def entry(row: Step | Event) -> shapes.Entry:
    """One line of the history; an open step stands where it changed last."""
    if isinstance(row, Event):
        actor = row.actor.username if row.actor else None
        return shapes.Entry(
            seq=row.seq,
            type="event",
            name=row.name,
            at=row.created_at,
            actor=actor,
            payload=showing.value(row.payload),
        )
    is_decision, decided = row.is_decision(), Decision.of(row)
    return shapes.Entry(
        seq=row.changed_seq if row.seq is None else row.seq,
        type="decision" if is_decision else "step",
        name=row.name,
        path=row.path,
        status=row.status,
        at=row.finished_at or row.started_at,
        supersedes=(decided.supersedes or []) if is_decision else None,
        reinstates=(decided.reinstates or None) if is_decision else None,
    )
