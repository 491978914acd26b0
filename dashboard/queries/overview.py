"""The overview: what needs a person, what runs, who works."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from dashboard.queries import executions
from executions import clock, policy
from executions.models import Event, Execution, Process
from executions.recovery import boot
from executions.recovery.boot import SinceStart

LINES = 8


@dataclass(frozen=True, slots=True)
class Overview:
    tally: dict[str, int]
    failing: list[Execution]
    running: list[Execution]
    recent: list[Event]
    workers: list[Process]
    since_start: SinceStart | None = None


def overview(user: Any) -> Overview:
    """Everything on the page, in a fixed number of queries."""
    rows = executions.visible(user)
    seen = policy.visible_executions(user)
    return Overview(
        tally=executions.tally(user, executions.Filters()),
        failing=list(rows.needing_attention().order_by("-id")[:LINES]),  # type: ignore[attr-defined]
        running=list(rows.filter(phase__in=("IN_PROGRESS", "WAITING")).order_by("-id")[:LINES]),
        recent=list(
            Event.objects.filter(execution__in=seen.order_by("-id").values("pk")[:200])
            .select_related("execution", "actor")
            .defer("execution__input", "execution__output", "execution__error")
            .order_by("-id")[:LINES]
        ),
        workers=list(Process.objects.living().workers()),
        since_start=_worth_saying(boot.since_start(seen)),
    )


def _worth_saying(since: SinceStart | None) -> SinceStart | None:
    """For a day after a start that found something."""
    if since is None or not since.is_worth_saying():
        return None
    return since if since.boot.at > clock.now() - timedelta(days=1) else None
