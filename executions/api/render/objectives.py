"""Objectives as the API shows them."""

from __future__ import annotations

from executions.api.schemas import objectives as shapes
from executions.in_time import Time
from executions.models import Objective, Workflow
from executions.objectives import burning


def objective(row: Objective, workflow: Workflow, time: Time | None = None) -> shapes.Objective:
    """With what was reached of it, as far as it is counted in this time."""
    found = burning.targets(row, time)
    return shapes.Objective(
        workflow_id=workflow.public_id,
        **row.told(),
        set_by=row.set_by.get_username() if row.set_by else None,
        set_at=row.set_at,
        counted_days=min((each.days for each in found), default=0),
        targets=[_target(each) for each in found],
    )


def _target(found: burning.Target) -> shapes.Target:
    return shapes.Target.model_validate(
        {
            "name": found.name,
            "percent": found.percent,
            "within_seconds": found.within_seconds,
            "budget_used": _rounded(found.used),
            "last_hour": _span(found.hour),
            "last_24_hours": _span(found.day),
            "last_7_days": _span(found.week),
            "last_30_days": _span(found.month),
        }
    )


def _span(found: burning.Span | None) -> shapes.Span | None:
    if found is None:
        return None
    return shapes.Span(
        runs=found.runs,
        wrong=found.wrong,
        reached_percent=found.reached,
        burn=_rounded(found.burn),
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
