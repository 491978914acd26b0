"""Setting and removing the objective of a workflow: the one place that every door calls."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import User

from executions import audit, clock, policy
from executions.errors import Finding, Refused
from executions.models import Objective, Workflow
from executions.models.transactions import atomic, persistent
from executions.said import Said

# Of a hundred runs so many: below the least nobody would call it an objective, and 100 would leave
# no budget that could burn.
LEAST_PERCENT, MOST_PERCENT = 50.0, 99.99
USUAL_WITHIN_PERCENT = 95.0
MOST_SECONDS = 30 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Wanted:
    """The targets that a person wants; None: not this one."""

    success_percent: float | None = None
    within_seconds: int | None = None
    within_percent: float | None = None


@persistent
def set_objective(workflow: Workflow, actor: User, wanted: Wanted) -> Objective:
    """The objective of the workflow from now on. Raises Refused, and then it stays as it was."""
    check_may_set(workflow, actor)
    wanted = checked(wanted)
    with atomic():
        row, _ = Objective.objects.update_or_create(
            workflow=workflow,
            defaults={
                "success_percent": wanted.success_percent,
                "within_seconds": wanted.within_seconds,
                "within_percent": wanted.within_percent,
                "set_by": actor,
                "set_at": clock.now(),
            },
        )
        audit.record_installation("set objective", workflow.public_id, actor, after=row.told())
    return row


@persistent
def remove(workflow: Workflow, actor: User) -> bool:
    """Take its objective away; whether it had one. Raises Refused."""
    check_may_set(workflow, actor)
    with atomic():
        number, _ = Objective.objects.filter(workflow=workflow).delete()
        if number:
            audit.record_installation("remove objective", workflow.public_id, actor)
    return bool(number)


def check_may_set(workflow: Workflow, actor: User) -> None:
    """Raises Refused (``forbidden``)."""
    if not policy.can_change(actor, workflow):
        raise Refused(
            "forbidden",
            Said("{workflow} belongs to {owner}.", workflow=workflow.slug, owner=workflow.owner),
            remedy="Only those who may change it may set its objective.",
        )


def checked(wanted: Wanted) -> Wanted:
    """The targets whole and rounded. Raises Refused."""
    findings = [
        *_percent("success_percent", wanted.success_percent),
        *_percent("within_percent", wanted.within_percent),
    ]
    seconds, percent = wanted.within_seconds, wanted.within_percent
    if seconds is not None and not 1 <= seconds <= MOST_SECONDS:
        said = Said("It is a number of seconds from 1 to {most:,} (30 days).", most=MOST_SECONDS)
        findings.append(Finding("/within_seconds", said))
    if percent is not None and seconds is None:
        said = Said("Say within how many seconds so many runs complete.")
        findings.append(Finding("/within_seconds", said))
    if wanted.success_percent is None and seconds is None and percent is None:
        said = Said("Say which share of the runs completes, or within how many seconds they do.")
        findings.append(Finding("/success_percent", said))
    if findings:
        raise Refused("invalid", findings[0].message, findings=findings)
    if seconds is None:
        percent = None
    elif percent is None:
        percent = USUAL_WITHIN_PERCENT
    return Wanted(_rounded(wanted.success_percent), seconds, _rounded(percent))


def _percent(name: str, value: float | None) -> list[Finding]:
    if value is None or LEAST_PERCENT <= value <= MOST_PERCENT:
        return []
    said = Said(
        "It is a percentage from {least:g} to {most:g}.", least=LEAST_PERCENT, most=MOST_PERCENT
    )
    return [Finding(f"/{name}", said)]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
