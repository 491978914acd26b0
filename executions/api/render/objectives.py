"""Objectives as the API shows them."""

from __future__ import annotations

from executions.api.schemas import objectives as shapes
from executions.in_time import Time
from executions.models import Objective, Workflow
from executions.objectives import burning


def objective(row: Objective, workflow: Workflow, time: Time | None = None) -> shapes.Objective:
    """With what was reached of it, as far as it is counted in this time."""
    targets = burning.targets(row, time)
    return shapes.Objective(
        workflow_id=workflow.public_id,
        **row.told(),
        set_by=row.set_by.get_username() if row.set_by else None,
        set_at=row.set_at,
        counted_days=min((each.days for each in targets), default=0),
        targets=[_target(each) for each in targets],
    )


def _target(target: burning.Target) -> shapes.Target:
    return shapes.Target.model_validate(
        {
            "name": target.name,
            "percent": target.percent,
            "within_seconds": target.within_seconds,
            "budget_used": _rounded(target.used),
            "last_hour": _span(target.hour),
            "last_24_hours": _span(target.day),
            "last_7_days": _span(target.week),
            "last_30_days": _span(target.month),
        }
    )


def _span(span: burning.Span | None) -> shapes.Span | None:
    if span is None:
        return None
    return shapes.Span(
        runs=span.runs,
        wrong=span.wrong,
        reached_percent=span.reached,
        burn=_rounded(span.burn),
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
