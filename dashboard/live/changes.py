"""Changes of executions, as parts of pages: the database is asked once for many of them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse

from dashboard import words
from dashboard.addresses import href
from dashboard.live import fragments, frames
from dashboard.live.frames import Change, Part
from dashboard.queries import execution as journal
from executions import showing, sight
from executions.ids import public_id
from executions.journal.events import EventName, title_of
from executions.live.news import Want
from executions.live.topics import EXECUTION, Topic
from executions.models import Notification
from executions.policy import Standing
from executions.states import Phase
from executions.verbs.rows import VERBS

MOST_STEPS = 200


@dataclass(frozen=True, slots=True)
class Changed:
    """An execution as it stands at ``seq``. ``is_reset``: it cannot be told as what is new."""

    seq: int
    owner_id: int
    pages: dict[Standing, list[Part]] = field(default_factory=dict)
    rows: dict[bool, Part] = field(default_factory=dict)
    is_reset: bool = False
    is_partial: bool = False
    # The frames that pages of one topic get who stand alike.
    frames: dict[tuple[str, Standing], Change] = field(default_factory=dict)


def changed(wants: Mapping[uuid.UUID, Want]) -> dict[uuid.UUID, Changed]:
    """Render what changed in these executions, each fragment once for those who stand alike."""
    # The rows are read before steps and events: what comes between is sent twice, never lost.
    rows = journal.reread(list(wants))
    # Behind what a page shows it stands where the database was restored meanwhile.
    moved = {key: row for key, row in rows.items() if row.head_seq != wants[key].cursor}
    steps, events = journal.changes(
        {key: wants[key].cursor for key in moved if wants[key].standings}
    )
    changes: dict[uuid.UUID, Changed] = {}
    for key, row in moved.items():
        want, new = wants[key], steps.get(key, [])
        is_behind = row.head_seq < want.cursor
        is_reset = len(new) > MOST_STEPS or is_behind
        new_events = events.get(key, [])
        pages: dict[Standing, list[Part]] = {}
        for standing in () if is_reset else want.standings:
            with showing.masked(sight.mask_of(row) if standing.reads_masked else None):
                pages[standing] = fragments.execution_parts(row, standing.role, new, new_events)
        parts: dict[bool, Part] = {}
        for is_masked in () if is_behind else want.rows:
            with showing.masked(sight.mask_of(row) if is_masked else None):
                parts[is_masked] = fragments.row_part(row)
        changes[key] = Changed(row.head_seq, row.owner_id, pages, parts, is_reset)
    return changes


def toast(notification: Notification, sees_everything: bool) -> dict[str, Any]:
    """A notification as the page shows it, with the event's own payload beside the words."""
    event = notification.event
    payload = event.payload if isinstance(event.payload, dict) else {}
    about = f"{payload['step_name']}: " if payload.get("step_name") else ""
    said = payload.get("reason") or payload.get("prompt") or ""
    return {
        "id": public_id("ntf", notification.pk),
        "event": event.name,
        "payload": payload,
        "title": words.translated(title_of(event.name, payload)),
        "text": f"{event.execution.name} · {about}{said}".rstrip(" ·:"),
        "href": href(event, sees_everything or event.execution.owner_id == notification.user_id),
        "tone": words.event_tone(event.name),
        **_button(notification),
    }


def _button(notification: Notification) -> dict[str, Any]:
    """The verbs that the owner can use at once, where the run still stands there."""
    event = notification.event
    execution = event.execution
    if event.name != EventName.STEP_FAILED or execution.phase != Phase.FAILED:
        return {}
    if execution.owner_id != notification.user_id:
        return {}
    retry = VERBS["retry"]
    return {
        "does": {
            "label": words.translated(retry.word),
            "address": reverse("act", args=[execution.public_id, retry.slug]),
            "seq": execution.head_seq,
        }
    }


def frame_of(topic: Topic, standing: Standing, change: Changed) -> Change | None:
    """The frame of one topic, the same one for all who stand so; None where the page has to read
    its region again.
    """
    frame = change.frames.get((topic.name, standing))
    if frame is None and (parts := _parts_of(topic, standing, change)) is not None:
        frame = frames.change(topic.name, change.seq, parts)
        change.frames[topic.name, standing] = frame
    return frame


def _parts_of(topic: Topic, standing: Standing, change: Changed) -> list[Part] | None:
    if topic.kind == EXECUTION:
        return None if change.is_reset else change.pages.get(standing)
    row = change.rows.get(standing.reads_masked)
    return [row] if row is not None else None
