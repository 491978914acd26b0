"""The report to people about how an execution goes: names of events, their payloads, the failure in
one sentence.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from executions import values
from executions.ids import public_id
from executions.journal.causes import cause_of
from executions.journal.events import EventName
from executions.journal.records import EventRecord, StepRecord
from executions.models import Execution
from executions.models.rows import AsJson
from executions.sanitise import sanitise_reason


def ids_of(execution: Execution) -> dict[str, Any]:
    """Of the run and of what it runs.

    ``workflow_id`` is the run's id, which ``POST /workflows/{id}/recover`` takes; the definition is
    ``workflow_definition_id`` (None where an agent is run: then it is ``agent_id``).
    """
    definition = None if execution.workflow_id is None else public_id("wfl", execution.workflow_id)
    ids = {
        "workflow_id": execution.public_id,
        "workflow_definition_id": definition,
        "execution_id": execution.public_id,
    }
    if execution.agent_id is not None:
        ids["agent_id"] = public_id("agt", execution.agent_id)
    return ids


def timestamp(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC, as all payloads write it."""
    return None if moment is None else values.timestamp(moment)


def failure_reason(error: dict[str, Any]) -> str:
    """At most 500 characters for people: no control characters, markup or secrets."""
    title, detail = str(error.get("title", "")), str(error.get("detail", ""))
    text = detail or title or str(error.get("type", ""))
    return sanitise_reason(text)


def failing(execution: Execution, error: dict[str, Any], path: str | None) -> dict[str, Any]:
    """The columns of a move into FAILED: the error, the reason in words, and the cause that it
    shares with others. ``path`` is the step at which it failed; None where no step did.
    """
    reason = failure_reason(error)
    cause = cause_of(execution.subject_id, path or "", reason, error)
    return {"error": AsJson(error), "failure_reason": reason, "cause": cause}


def step_failed(
    execution: Execution, name: str, reason: str, *, can_skip: bool, at: datetime, attempts: int = 1
) -> EventRecord:
    """The payload that the product promises; the owner finds it in the inbox as well.

    ``attempts`` is how often the step was tried, the last time included.
    """
    payload = {
        **ids_of(execution),
        "step_name": name,
        "reason": reason,
        "attempts": attempts,
        "can_retry": True,
        "can_skip": can_skip,
        "timestamp": timestamp(at),
    }
    return _told(EventName.STEP_FAILED, execution, payload)


def recovered(
    execution: Execution,
    at: datetime,
    actor_id: int | None,
    *,
    reason: str = "",
    version: int | None = None,
) -> EventRecord:
    """The payload that the product promises; with what a person said and chose, where somebody
    did.
    """
    payload: dict[str, Any] = {
        **ids_of(execution),
        "resumed_from": timestamp(execution.last_checkpoint_at),
        "timestamp": timestamp(at),
    }
    payload |= {"reason": reason} if reason else {}
    payload |= {"version": version} if version is not None else {}
    return _told(EventName.RECOVERED, execution, payload, actor_id)


def recovery_failed(
    execution: Execution, reason: str, at: datetime, actor_id: int | None = None, **more: Any
) -> EventRecord:
    """A recovery that did not come about; the owner is told, a person has to look at it."""
    return plain(EventName.RECOVERY_FAILED, execution, at, actor_id, reason=reason, **more)


def retrying(
    execution: Execution, step: StepRecord, rule: str, delay: float, at: datetime
) -> EventRecord:
    payload = {
        **ids_of(execution),
        "step_name": step.name,
        "path": step.path,
        "attempt": step.attempt,
        "rule": rule,
        "delay_seconds": delay,
        "next_attempt_at": timestamp(step.wake_at),
        "timestamp": timestamp(at),
    }
    return _told(EventName.STEP_RETRYING, execution, payload)


def plain(
    name: EventName, execution: Execution, at: datetime, actor_id: int | None = None, **more: Any
) -> EventRecord:
    """An event with the ids, its moment, and what else is given."""
    payload = {**ids_of(execution), **more, "timestamp": timestamp(at)}
    return _told(name, execution, payload, actor_id)


def _told(
    name: EventName, execution: Execution, payload: dict[str, Any], actor_id: int | None = None
) -> EventRecord:
    """The record, in the owner's inbox where the event's own row says so."""
    tells_owner = name.tells_owner(actor_id, execution.owner_id)
    return EventRecord(str(name), payload, actor_id=actor_id, notify_owner=tells_owner)
