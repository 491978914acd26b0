"""Executions that wait for a free process of functions: they are parked, and nothing of them
runs.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from executions import clock, spans
from executions.journal.decided import Call
from executions.models.execution import Execution, ExecutionQuerySet
from executions.models.matching import waits_for
from executions.models.step import Step
from executions.said import Said
from executions.states import Phase, StepStatus, WaitingFor

MOST_COUNTED = 1_000
_OPEN = (StepStatus.WAITING, StepStatus.RUNNING, StepStatus.RETRYING)


@dataclass(frozen=True, slots=True)
class Line:
    """How many wait (no more than MOST_COUNTED are counted), and since when the one that waits
    longest.
    """

    length: int
    since: datetime | None

    @property
    def is_capped(self) -> bool:
        """Whether there may be more than were counted."""
        return self.length >= MOST_COUNTED

    def words(self) -> str:
        if self.is_capped:
            return Said("{number:,} or more", number=self.length)
        return f"{self.length:,}"

    @property
    def oldest_seconds(self) -> float:
        return 0.0 if self.since is None else max(0.0, (clock.now() - self.since).total_seconds())


@dataclass(frozen=True, slots=True)
class Place:
    """The place of one execution in line: which step, since when, and the whole line."""

    step: Step
    since: datetime
    line: Line

    def told(self) -> str:
        """The same in plain words, for whoever asks why it does not move."""
        seconds = max(0.0, (clock.now() - self.since).total_seconds())
        said = (
            f"It has waited {spans.lasting(seconds)} for a free function process; no time limit"
            " runs meanwhile."
        )
        if self.line.length < 2:
            return said
        longest = spans.lasting(self.line.oldest_seconds)
        return f"{said} {self.line.words()} runs wait for one, the longest for {longest}."


def waiting() -> ExecutionQuerySet:
    """The executions that stand in line for a process of functions."""
    return Execution.objects.filter(waits_for(WaitingFor.FUNCTION_PROCESS), phase=Phase.WAITING)


def line() -> Line:
    """The line of now, in the whole installation."""
    standing = Q(superseded_by=None, status=StepStatus.WAITING, kind="call")
    steps = Step.objects.filter(standing, execution__in=waiting()).order_by("id")
    moments = [
        since for step in steps.only("control")[:MOST_COUNTED] if (since := in_line_since(step))
    ]
    return Line(len(moments), min(moments, default=None))


def place_of(execution: Execution) -> Place | None:
    """The place of this execution in line; None where it does not stand there."""
    if execution.phase == Phase.IN_PROGRESS or execution.waits_for(WaitingFor.FUNCTION_PROCESS):
        open_steps = Q(superseded_by=None, kind="call", status__in=_OPEN)
        return place(Step.objects.filter(open_steps, execution=execution).order_by("-id"))
    return None


def place(steps: Iterable[Step]) -> Place | None:
    """The same for the execution whose open steps these are."""
    for step in steps:
        since = in_line_since(step)
        if since is not None:
            return Place(step, since, line())
    return None


def in_line_since(step: Step) -> datetime | None:
    """Since when this step stands in line; None where it does not."""
    held = Call.of(step).in_line
    return None if held is None else held.since


def wake(execution_ids: Iterable[uuid.UUID]) -> int:
    """Make those of them due that still stand in line. How many."""
    return waiting().filter(pk__in=list(execution_ids)).update(wake_at=clock.now(), rung_at=None)


def wake_all() -> int:
    """Let all be looked at again: the process in whose line some of them stood is gone. How
    many.
    """
    return waiting().update(wake_at=clock.now(), rung_at=None)
