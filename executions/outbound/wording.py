"""Notices in words, as every kind of channel sends them: sentences and addresses, no payloads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from executions.journal.events import EventName, title_of
from executions.models import Channel, Event, Execution, Schedule
from executions.outbound.parcels import Lot, Parcel
from executions.sanitise import sanitise_reason
from executions.values import timestamp

TEST = "TEST"
LONGEST_NAME = 120
LONGEST_REASON = 300
LONGEST_SUBJECT = 150


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened, and where to look at it; opening the address does nothing."""

    text: str
    address: str


@dataclass(frozen=True, slots=True)
class Letter:
    """``more`` counts what is left out, ``why`` says why it comes, ``settings`` is where that is
    changed.
    """

    subject: str
    lines: tuple[Line, ...]
    more: str
    why: str
    settings: str


def notice(event: Event, *, is_reminder: bool = False) -> dict[str, Any]:
    """The body of a message: what a channel is told of an event. Its texts are one line each."""
    execution, payload = event.execution, _mapping(event.payload)
    return {
        "event": event.name,
        "title": title_of(event.name, payload),
        "execution_id": execution.public_id,
        "execution": _line(execution.name, LONGEST_NAME),
        "kind": execution.kind,
        "workflow": _line(execution.subject.name, LONGEST_NAME),
        "workflow_id": execution.subject.public_id,
        "step": _line(payload.get("step_name"), LONGEST_NAME),
        "reason": _line(payload.get("reason") or payload.get("prompt"), LONGEST_REASON),
        "at": timestamp(event.created_at),
        "path": _path(execution, payload),
        "is_reminder": is_reminder,
    }


def of_schedule(schedule: Schedule) -> dict[str, Any]:
    """The body of a message: Stigmer paused a schedule that has started no run yet."""
    return {
        "event": str(EventName.SCHEDULE_PAUSED),
        "title": "The schedule was paused",
        "schedule_id": schedule.public_id,
        # As of a run; it would bear the schedule's name.
        "execution": _line(schedule.name, LONGEST_NAME),
        "kind": "schedule",
        "workflow": _line(schedule.subject.name, LONGEST_NAME),
        "workflow_id": schedule.subject.public_id,
        "reason": _line(schedule.reason, LONGEST_REASON),
        "at": timestamp(schedule.state_at),
        "path": f"/schedules/{schedule.public_id}/",
    }


def test(channel: Channel) -> dict[str, Any]:
    """The body of a message that only tries the channel."""
    return {
        "event": TEST,
        "title": f"This is a test of the channel {channel.name}: it works.",
        "path": f"/settings/notices/{channel.public_id}/",
    }


def letter(channel: Channel, parcel: Parcel) -> Letter:
    """The message in words."""
    lines = tuple(Line(_sentence(lot), _address(lot)) for lot in parcel.lots)
    many = parcel.count
    subject = lines[0].text if len(lines) == 1 else f"{many:,} notices about {len(lines)} things"
    if parcel.others:
        subject = f"{many:,} notices"
    return Letter(
        subject=sanitise_reason(f"Stigmer: {subject}", LONGEST_SUBJECT),
        lines=lines,
        more=f"And {parcel.others:,} more." if parcel.others else "",
        why=f"You get this as Stigmer's channel {channel.name} says. Change or mute it at:",
        settings=f"{_site()}/settings/notices/{channel.public_id}/",
    )


def _sentence(lot: Lot) -> str:
    body = lot.rows[0].body
    if body["event"] == TEST:
        return str(body["title"])
    where = f", step {body['step']}" if body.get("step") else ""
    reason = f": {body['reason']}" if body.get("reason") else "."
    again = "Reminder: " if body.get("is_reminder") else ""
    if lot.count == 1:
        of = "" if body["execution"] == body["workflow"] else f" ({body['workflow']})"
        return f"{again}{body['execution']}{of}: {body['title']}{where}{reason}"
    return (
        f"{lot.count:,} runs of {body['workflow']}: {body['title']}{where}{reason}"
        f" The newest is {body['execution']}."
    )


def _address(lot: Lot) -> str:
    return _site() + str(lot.rows[0].body["path"])


def _site() -> str:
    """The address that people see."""
    return settings.STIGMER_ORIGINS[0].rstrip("/") if settings.STIGMER_ORIGINS else ""


def _path(execution: Execution, payload: Mapping[str, Any]) -> str:
    """The question's own page where somebody is asked: who is asked may not see the run."""
    if payload.get("ask"):
        return f"/approvals/{payload['ask']}/"
    return f"/executions/{execution.public_id}/"


def _mapping(payload: Any) -> Mapping[str, Any]:
    return payload if isinstance(payload, dict) else {}


def _line(text: Any, most: int) -> str:
    return sanitise_reason(str(text), most) if text else ""
