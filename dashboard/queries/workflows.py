"""Workflows and their versions."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q

from dashboard.queries.in_time import in_time
from executions import policy
from executions.models import Execution, Workflow, WorkflowVersion
from executions.models.resource import holding

MOST = 500

LATEST = 10
# Of so many of the newest executions the list tells how many each workflow has: a page counts
# nothing that grows.
COUNTED = 10_000


@dataclass(frozen=True, slots=True)
class Counts:
    """How many of the newest executions run each workflow. ``is_all``: there are no older ones."""

    runs: dict[uuid.UUID, int]
    failed: dict[uuid.UUID, int]
    is_all: bool


def page(user: Any, text: str = "", most: int = MOST) -> list[Workflow]:
    """The workflows that this user may see, by name."""
    rows = policy.visible_workflows(user).select_related("head_version", "owner")
    rows = rows.defer("head_version__source", "head_version__document")
    return list(rows.filter(holding(text)).order_by("slug")[:most])


def counts(user: Any) -> Counts | None:
    """How often each workflow ran lately, and failed; None where that could not be counted in
    time.
    """
    return in_time("runs of each workflow", lambda: _counts(user))


def _counts(user: Any) -> Counts:
    visible = policy.visible_executions(user)
    # The oldest that counts, found in an index: a join with the newest would read all rows.
    oldest = visible.order_by("-id").values_list("pk", flat=True)[COUNTED - 1 : COUNTED].first()
    newest = visible if oldest is None else visible.filter(pk__gte=oldest)
    rows = newest.order_by().values_list("workflow_id")
    found = rows.annotate(runs=Count("pk"), failed=Count("pk", filter=Q(phase="FAILED")))
    listed = [(key, runs, failed) for key, runs, failed in found]
    return Counts(
        {key: runs for key, runs, _ in listed if key},
        {key: failed for key, _, failed in listed if key},
        is_all=oldest is None,
    )


def one(user: Any, workflow_id: uuid.UUID) -> Workflow | None:
    rows = policy.visible_workflows(user)
    return rows.select_related("head_version", "owner").filter(pk=workflow_id).first()


def versions(workflow: Workflow) -> list[WorkflowVersion]:
    """Newest first, without their texts."""
    rows = WorkflowVersion.objects.filter(workflow=workflow).select_related("created_by")
    return list(rows.defer("source", "document").order_by("-number")[:100])


def version(workflow: Workflow, number: int) -> WorkflowVersion | None:
    return (
        WorkflowVersion.objects.filter(workflow=workflow, number=number)
        .select_related("created_by")
        .first()
    )


def latest_executions(user: Any, workflow: Workflow) -> list[Execution]:
    rows = policy.visible_executions(user).filter(workflow=workflow)
    return list(
        rows.select_related("workflow", "version", "owner").defer("input", "output", "error")[
            :LATEST
        ]
    )


def choices(user: Any) -> list[str]:
    """Slugs for the filter of the executions list."""
    rows = policy.visible_workflows(user)
    return list(rows.order_by("slug").values_list("slug", flat=True)[:200])
