"""Objectives as pages show them: what was reached, and how fast the budget burns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from executions import policy
from executions.in_time import Time
from executions.models import Objective, Workflow
from executions.objectives import burning
from executions.objectives.burning import Target
from executions.objectives.counting import DAYS, LOOK_SECONDS

# So many of those that this person sees are counted for the overview, and the worst are shown.
COUNTED = 20
SHOWN = 8


@dataclass(frozen=True, slots=True)
class Kept:
    """A target of a workflow, on the overview."""

    workflow: Workflow
    target: Target


@dataclass(frozen=True, slots=True)
class OfAll:
    """The targets whose budgets are used most; ``uncounted`` are not counted whole yet."""

    lines: Sequence[Kept]
    uncounted: int


@dataclass(frozen=True, slots=True)
class OfWorkflow:
    """The objective of a workflow; ``days`` of the 30 are counted."""

    row: Objective
    targets: Sequence[Target]

    @property
    def days(self) -> int:
        return min(target.days for target in self.targets)

    @property
    def is_counted(self) -> bool:
        return self.days == DAYS


def of(workflow: Workflow) -> OfWorkflow | None:
    """None where it has none."""
    row = Objective.objects.filter(workflow=workflow).first()
    return None if row is None else OfWorkflow(row, burning.targets(row))


def of_all(user: policy.Person) -> OfAll:
    """Of the workflows that this person may see, what used most of its budget first. All are
    counted in one time.
    """
    seen, time = policy.visible_workflows(user), Time(LOOK_SECONDS)
    rows = Objective.objects.filter(workflow__in=seen.values("pk")).select_related("workflow")
    kept = [
        Kept(row.workflow, target)
        for row in rows.order_by("set_at")[:COUNTED]
        for target in burning.targets(row, time)
    ]
    worst = sorted(kept, key=lambda each: each.target.used or 0.0, reverse=True)[:SHOWN]
    return OfAll(worst, len({each.workflow.pk for each in kept if not each.target.is_counted}))
