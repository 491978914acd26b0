"""Whether there is anything to do for a thread of this worker: one statement a second answers that
for all of them.

The taker asks it, as it looks each second anyway; the others look themselves where they may be
concerned, or where nobody has asked for a while.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Now

from executions.models import (
    BulkRun,
    Channel,
    CloudEvent,
    Execution,
    Process,
    Schedule,
)
from executions.models.questions import Questions
from executions.recovery import waiting
from executions.schedules import starting
from executions.workspaces import caring

LOOK_SECONDS = 1.0
# Answers are worth nothing after so long: the taker may be held up.
LASTS_SECONDS = 2.0
DUE, LEFT, ALONE = "due", "left behind", ("due alone", "left alone")
EVENTS, BULK, CHANNELS, WORKSPACES = "events", "bulk runs", "channels", "workspaces"
SCHEDULES, DRAINED = ("schedules", "ends"), "drained"


def _questions(process_id: uuid.UUID) -> Mapping[str, QuerySet[Any]]:
    return {
        DUE: waiting.rows_due(process_id),
        LEFT: waiting.rows_left_behind(),
        ALONE[0]: Execution.objects.due().takable(alone=True),
        ALONE[1]: Execution.objects.orphaned().takable(alone=True),
        EVENTS: CloudEvent.objects.to_be_matched(),
        BULK: BulkRun.objects.to_do(),
        CHANNELS: Channel.objects.active(),
        WORKSPACES: caring.to_be_examined(),
        SCHEDULES[0]: Schedule.objects.due(Now()),
        SCHEDULES[1]: starting.rows_ended(),
        DRAINED: Process.objects.drained().filter(pk=process_id),
    }


@dataclass(frozen=True, slots=True)
class Seen:
    """``there`` are the names of what there is; ``moment`` is when the next timer ends, if that is
    soon; ``at`` is a moment of ``time.monotonic``.
    """

    there: frozenset[str]
    moment: datetime | None
    at: float


class Glance:
    """The last answers."""

    def __init__(self, process_id: uuid.UUID) -> None:
        timers = waiting.timers_within(LOOK_SECONDS)
        self._questions = Questions(_questions(process_id), timers)
        self._seen: Seen | None = None

    def take(self) -> Seen:
        """Ask now, over the connection of the calling thread."""
        at = time.monotonic()
        answers, moment = self._questions.ask()
        there = frozenset(name for name, is_there in answers.items() if is_there)
        self._seen = seen = Seen(there, moment, at)
        return seen

    def may_be(self, *names: str) -> bool:
        """Whether there is any of these, as far as is known: whoever it concerns looks then."""
        seen = self._seen
        if seen is None or time.monotonic() - seen.at > LASTS_SECONDS:
            return True
        return not seen.there.isdisjoint(names)
