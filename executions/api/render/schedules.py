"""Schedules as the API shows them."""

from __future__ import annotations

from executions import showing
from executions.api.render import links
from executions.api.schemas import schedules as shapes
from executions.models import Execution, Occurrence, Schedule
from executions.schedules.reading import last_of, next_times


def schedule(row: Schedule) -> shapes.Schedule:
    path = f"/schedules/{row.public_id}"
    more = {name: f"{path}/{name}" for name in ("pause", "resume", "trigger", "occurrences")}
    last = last_of(row)
    return shapes.Schedule(
        id=row.public_id,
        name=row.name,
        owner=row.owner.get_username(),
        group=row.group.name if row.group else None,
        workflow=row.workflow.slug if row.workflow else None,
        workflow_id=row.workflow.public_id if row.workflow else None,
        agent=row.agent.slug if row.agent else None,
        agent_id=row.agent.public_id if row.agent else None,
        input=showing.value(row.input),
        cron=row.cron,
        every=row.every,
        time_zone=row.time_zone,
        missed=row.missed,
        overlap=row.overlap,
        state=row.state,
        reason=row.reason,
        state_at=row.state_at,
        failures=row.streak,
        next_due_at=row.next_due_at,
        next_times=next_times(row),
        last=occurrence(last) if last else None,
        created_at=row.created_at,
        changed_at=row.changed_at,
        links=links.to(path, **more),
    )


def occurrence(row: Occurrence) -> shapes.Occurrence:
    return shapes.Occurrence(
        id=row.public_id,
        schedule_id=row.schedule_public_id or None,
        schedule=row.name,
        due_at=row.due_at,
        missed_from=row.missed_from,
        triggered_by=row.by.get_username() if row.by else None,
        outcome=row.outcome,
        said=row.said,
        execution_id=row.execution.public_id if row.execution else None,
        phase=row.execution.phase if row.execution else None,
    )


def of_run(run: Execution) -> shapes.OfRun | None:
    """The schedule that started this run; None where none did."""
    row = Occurrence.objects.filter(execution=run).select_related("by").first()
    if row is None:
        return None
    return shapes.OfRun(
        id=row.schedule_public_id or None,
        name=row.name,
        due_at=row.due_at,
        triggered_by=row.by.get_username() if row.by else None,
    )
