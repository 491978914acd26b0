"""Objectives as pages show them: what was reached, and how fast the budget burns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.queries.in_time import in_time
from executions import policy
from executions.models import Objective, Workflow
from executions.objectives import burning
from executions.objectives.burning import Target

# So many of those that this person sees are counted for the overview, and the worst are shown.
COUNTED = 20
SHOWN = 8


@dataclass(frozen=True, slots=True)
class Kept:
    """A target of a workflow, on the overview."""

    workflow: Workflow
    target: Target


@dataclass(frozen=True, slots=True)
class OfWorkflow:
    """The objective of a workflow; ``targets`` is None where they could not be counted in time."""

    row: Objective
    targets: Sequence[Target] | None


def of(workflow: Workflow) -> OfWorkflow | None:
    """None where it has none."""
    row = Objective.objects.filter(workflow=workflow).first()
    if row is None:
        return None
    return OfWorkflow(row, in_time("objective", lambda: burning.targets(row)))


def of_all(user: policy.Person) -> list[Kept] | None:
    """Of the workflows that this person may see, what used most of its budget first; None where
    they could not be counted in time.
    """
    return in_time("objectives", lambda: _of_all(user))


def _of_all(user: policy.Person) -> list[Kept]:
    seen = policy.visible_workflows(user)
    rows = Objective.objects.filter(workflow__in=seen.values("pk")).select_related("workflow")
    found = [
        Kept(row.workflow, target)
        for row in rows.order_by("set_at")[:COUNTED]
        for target in burning.targets(row)
    ]
    return sorted(found, key=lambda each: each.target.used or 0.0, reverse=True)[:SHOWN]
