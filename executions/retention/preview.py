"""The runs that would go, before any does: by workflow or agent, and by phase."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Min

from executions.retention import families
from executions.retention.rules import Cutoff, cutoffs
from executions.states import Phase


@dataclass(frozen=True, slots=True)
class Going:
    """``executions`` of one workflow or agent that ended in ``phase``; ``oldest`` is a day."""

    kind: str
    subject: str
    phase: str
    executions: int
    oldest: str


@dataclass(frozen=True, slots=True)
class Preview:
    """``unacknowledged`` failures are old enough and stay; ``with_family`` runs stay because of a
    run that they belong together with.
    """

    going: list[Going]
    executions: int
    unacknowledged: int
    with_family: int


def preview() -> Preview:
    """The runs that would go now."""
    all_cutoffs = cutoffs()
    going = [each for cutoff in all_cutoffs for each in _of(cutoff)]
    due = sum(each.executions for each in going)
    together = sum(len(members) for members in families.due(all_cutoffs, None, 1_000))
    return Preview(going, together, _unacknowledged(all_cutoffs), max(0, due - together))


def _of(cutoff: Cutoff) -> list[Going]:
    rows = cutoff.rows().order_by().values_list("kind", "workflow__slug", "agent__slug")
    counted = rows.annotate(Count("pk"), Min("over_at"))
    return [
        Going(kind, workflow or agent, str(cutoff.phase), number, f"{oldest:%Y-%m-%d}")
        for kind, workflow, agent, number, oldest in sorted(counted, key=lambda row: row[3])[::-1]
    ]


def _unacknowledged(all_cutoffs: list[Cutoff]) -> int:
    number = 0
    for cutoff in all_cutoffs:
        if cutoff.phase == Phase.FAILED:
            number += cutoff.old().count() - cutoff.rows().count()
    return number
