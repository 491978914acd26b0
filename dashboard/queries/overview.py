"""The overview: what needs a person, what runs, who works."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from dashboard.queries import by_hour, executions, figures, objectives
from dashboard.queries.by_hour import Day
from dashboard.queries.figures import Change, Durations
from dashboard.queries.objectives import OfAll
from executions import audit, clock, policy
from executions.attention import groups
from executions.attention.groups import Group
from executions.in_time import in_time
from executions.models import Event, Execution, Process
from executions.models.unheard import BRIEFLY_SECONDS, Unheard, unheard
from executions.recovery import boot
from executions.recovery.boot import SinceStart

LINES = 8
CAUSES = 5
Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Overview:
    """A part that could not be read in time is None; ``trail`` says what is wrong with the audit
    trail.
    """

    tally: dict[str, int] | None
    failing: list[Execution] | None
    running: list[Execution] | None
    recent: list[Event] | None
    workers: list[Process]
    nobody: Unheard | None
    since_start: SinceStart | None = None
    trail: str = ""
    day: Day | None = None
    durations: Durations | None = None
    changes: list[Change] | None = None
    causes: list[Group] | None = None
    oldest_due: datetime | None = None
    objectives: OfAll | None = None


def overview(user: Any) -> Overview:
    """Everything on the page, in a fixed number of queries."""
    rows = executions.visible(user)
    seen = policy.visible_executions(user)
    return Overview(
        tally=executions.tally(user, executions.Filters()),
        failing=_lines("attention", rows.needing_attention()),
        running=_lines("under way", rows.filter(phase__in=("IN_PROGRESS", "WAITING"))),
        recent=_lines(
            "recent activity",
            Event.objects.filter(execution__in=seen.order_by("-id").values("pk")[:200])
            .select_related("execution", "actor")
            .defer("execution__input", "execution__output", "execution__error"),
        ),
        workers=list(Process.objects.living().workers()),
        nobody=unheard(BRIEFLY_SECONDS),
        since_start=in_time("since the start", lambda: _worth_saying(boot.since_start(seen))),
        day=by_hour.day(user),
        durations=figures.durations(user),
        changes=figures.changes(user),
        causes=in_time("top causes", lambda: groups.most_frequent(user, CAUSES)),
        oldest_due=figures.oldest_due(),
        objectives=objectives.of_all(user),
        trail=_broken_trail() if policy.is_admin(user) else "",
    )


def _broken_trail() -> str:
    """The problem of the audit trail, as far as the sweep knows."""
    return " ".join(problem.detail for problem in audit.open_problems()[0][:1])


def _lines(part: str, rows: QuerySet[Row]) -> list[Row] | None:
    return in_time(part, lambda: list(rows.order_by("-id")[:LINES]))


def _worth_saying(since: SinceStart | None) -> SinceStart | None:
    """For a day after a start that found something."""
    if since is None or not since.is_worth_saying():
        return None
    return since if since.boot.at > clock.now() - timedelta(days=1) else None
