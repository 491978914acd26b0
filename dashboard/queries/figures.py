"""How long runs take, which take longest, what changed lately: from a bounded number of rows."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from django.db.models import Min
from django.urls import reverse
from django.utils.translation import gettext as _

from executions import clock, policy
from executions.in_time import in_time
from executions.models import AgentVersion, Boot, Execution, WorkflowVersion
from executions.states import Phase

# So many runs that completed last are looked at.
LOOKED_AT = 1000
SHOWN = 6
CHANGES = 6


@dataclass(frozen=True, slots=True)
class Lasted:
    """How long the runs of one workflow or agent (``kind``) took: the middle one, and that which
    95 of 100 do not exceed.
    """

    kind: str
    slug: str
    runs: int
    p50: timedelta
    p95: timedelta


@dataclass(frozen=True, slots=True)
class Durations:
    """Of the newest completed runs; ``since`` is when the oldest of them ended."""

    by_subject: Sequence[Lasted]
    slowest: Sequence[Execution]
    runs: int
    since: datetime | None


def durations(user: policy.Person, **of: uuid.UUID) -> Durations | None:
    """Of all runs, or of one ``workflow`` or ``agent``; None where they could not be read in
    time.
    """
    return in_time("durations", lambda: _durations(user, of))


def _durations(user: policy.Person, of: Mapping[str, uuid.UUID]) -> Durations:
    rows: Any = policy.visible_executions(user).filter(
        phase=Phase.COMPLETED, started_at__isnull=False, ended_at__isnull=False, **of
    )
    read = list(
        rows.order_by("-id").values_list(
            "pk", "workflow__slug", "agent__slug", "started_at", "ended_at"
        )[:LOOKED_AT]
    )
    by_subject: dict[tuple[str, str], list[timedelta]] = {}
    for _pk, of_workflow, of_agent, started, ended in read:
        subject = ("workflow", of_workflow) if of_workflow else ("agent", of_agent or "")
        by_subject.setdefault(subject, []).append(max(timedelta(), ended - started))
    lasted = [
        Lasted(*subject, len(spans), share(spans, 0.5), share(spans, 0.95))
        for subject, spans in by_subject.items()
    ]
    longest = sorted(read, key=lambda row: row[4] - row[3], reverse=True)[:SHOWN]
    named = Execution.objects.select_related("workflow", "agent").only(
        "id", "kind", "name", "started_at", "ended_at", "workflow__slug", "agent__slug"
    )
    by_key = named.in_bulk([row[0] for row in longest])
    return Durations(
        sorted(lasted, key=lambda each: each.runs, reverse=True)[:SHOWN],
        [by_key[row[0]] for row in longest if row[0] in by_key],
        len(read),
        min((row[4] for row in read), default=None),
    )


def share(spans: Sequence[timedelta], part: float) -> timedelta:
    """The least of these that at least this part of them does not exceed."""
    ordered = sorted(spans)
    return ordered[max(0, ceil(part * len(ordered)) - 1)]


@dataclass(frozen=True, slots=True)
class Change:
    """Something that is other since then: a version that was made, a start of the installation."""

    at: datetime
    what: str
    href: str
    by: str


def changes(user: policy.Person) -> list[Change] | None:
    """The newest, newest first; None where they could not be read in time."""
    return in_time("what changed", lambda: _changes(user))


def _changes(user: policy.Person) -> list[Change]:
    all_changes: list[Change] = []
    workflows: Any = WorkflowVersion.objects.filter(workflow__in=policy.visible_workflows(user))
    agents: Any = AgentVersion.objects.filter(agent__in=policy.visible_agents(user))
    for rows, name in ((workflows, "workflow"), (agents, "agent")):
        rows = rows.select_related(name, "created_by").defer("source", "document")
        for version in rows.order_by("-id")[:CHANGES]:
            subject = getattr(version, name)
            href = reverse(f"{name}-version", args=[subject.public_id, version.number])
            what = f"{subject.slug} v{version.number}"
            all_changes.append(
                Change(version.created_at, what, href, version.created_by.get_username())
            )
    if policy.sees_everything(user):
        for boot in Boot.objects.order_by("-id")[:CHANGES]:
            what = _("Stigmer {version} started")
            if not boot.is_clean:
                what = _("Stigmer {version} started after a crash")
            what = what.format(version=boot.version)
            all_changes.append(Change(boot.at, what, "", ""))
    return sorted(all_changes, key=lambda each: each.at, reverse=True)[:CHANGES]


def oldest_due() -> datetime | None:
    """Since when the run waits for a worker that has waited longest; None where none does."""
    oldest: datetime | None = in_time(
        "the oldest that is due",
        lambda: Execution.objects.due().reachable().aggregate(at=Min("wake_at"))["at"],
    )
    late = oldest is not None and oldest < clock.now() - timedelta(seconds=1)
    return oldest if late else None
