"""What people are told about how an execution goes: names of events, their payloads, the failure in one sentence."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from executions.ids import public_id
from executions.models import Execution
from executions.records import EventRecord, StepRecord
from executions.sanitise import sanitise_reason

STARTED = "WORKFLOW_STARTED"
STEP_RETRYING = "WORKFLOW_STEP_RETRYING"
STEP_FAILED = "WORKFLOW_STEP_FAILED"
RECOVERED = "WORKFLOW_RECOVERED"
RECOVERY_FAILED = "WORKFLOW_RECOVERY_FAILED"
RETRIED = "WORKFLOW_RETRIED"
STEP_SKIPPED = "WORKFLOW_STEP_SKIPPED"
NEEDS_DECISION = "WORKFLOW_NEEDS_DECISION"
DECIDED = "WORKFLOW_DECIDED"
COMPLETED = "WORKFLOW_COMPLETED"
CANCELLED = "WORKFLOW_CANCELLED"
PAUSED = "WORKFLOW_PAUSED"
RESUMED = "WORKFLOW_RESUMED"
TERMINATED = "WORKFLOW_TERMINATED"
RESTORED = "WORKFLOW_RESTORED"
RESTORE_UNDONE = "WORKFLOW_RESTORE_UNDONE"
OVERRIDDEN = "WORKFLOW_OVERRIDDEN"


def ids_of(execution: Execution) -> dict[str, Any]:
    """Of the run and of what it runs.

    ``workflow_id`` is the run's id, which ``POST /workflows/{id}/recover`` takes; the definition is
    ``workflow_definition_id`` (None where an agent is run).
    """
    definition = None if execution.workflow_id is None else public_id("wfl", execution.workflow_id)
    return {
        "workflow_id": execution.public_id,
        "workflow_definition_id": definition,
        "execution_id": execution.public_id,
    }


def timestamp(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC, as all payloads write it."""
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")


def failure_reason(error: dict[str, Any]) -> str:
    """At most 500 characters for people: no control characters, markup or secrets."""
    title, detail = str(error.get("title", "")), str(error.get("detail", ""))
    text = detail or title or str(error.get("type", ""))
    return sanitise_reason(text)


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
    return EventRecord(STEP_FAILED, payload, notify_owner=True)


def recovered(
    execution: Execution, at: datetime, actor_id: int | None, *, reason: str = "", version: int | None = None
) -> EventRecord:
    """The payload that the product promises; with what a person said and chose, where somebody did."""
    payload: dict[str, Any] = {
        **ids_of(execution),
        "resumed_from": timestamp(execution.last_checkpoint_at),
        "timestamp": timestamp(at),
    }
    payload |= {"reason": reason} if reason else {}
    payload |= {"version": version} if version is not None else {}
    return EventRecord(RECOVERED, payload, actor_id=actor_id, notify_owner=True)


def recovery_failed(
    execution: Execution, reason: str, at: datetime, actor_id: int | None = None, **more: Any
) -> EventRecord:
    """A recovery that did not come about; the owner is told, a person has to look at it."""
    event = plain(RECOVERY_FAILED, execution, at, actor_id, reason=reason, **more)
    event.notify_owner = True
    return event


def retrying(execution: Execution, step: StepRecord, rule: str, delay: float, at: datetime) -> EventRecord:
    payload = {
        **ids_of(execution),
        "step_name": step.name,
        "attempt": step.attempt,
        "rule": rule,
        "delay_seconds": delay,
        "next_attempt_at": timestamp(step.wake_at),
        "timestamp": timestamp(at),
    }
    return EventRecord(STEP_RETRYING, payload)


def plain(name: str, execution: Execution, at: datetime, actor_id: int | None = None, **more: Any) -> EventRecord:
    return EventRecord(name, {**ids_of(execution), **more, "timestamp": timestamp(at)}, actor_id=actor_id)
