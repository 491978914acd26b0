"""Workflows and their versions."""

from __future__ import annotations

import uuid
from typing import Any

from executions import policy
from executions.models import Execution, Workflow, WorkflowVersion
from executions.models.resource import holding

MOST = 500

LATEST = 10


def page(user: Any, text: str = "", most: int = MOST) -> list[Workflow]:
    """The workflows that this user may see, by name."""
    rows = policy.visible_workflows(user).select_related("head_version", "owner")
    rows = rows.defer("head_version__source", "head_version__document")
    return list(rows.filter(holding(text)).order_by("slug")[:most])


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
