"""Workspaces and the files that runs have left, for who may see their runs."""

from __future__ import annotations

import uuid

from django.db.models import Sum

from executions import policy
from executions.models import Artifact, Execution, Workspace

MOST = 100


def of(user: policy.Person) -> list[Workspace]:
    """The newest workspaces of the runs that this person may see; those that are there first."""
    rows = Workspace.objects.filter(execution__in=policy.visible_executions(user))
    rows = rows.select_related("execution").order_by("removed_at", "-created_at")
    # Nulls stand first on SQLite and last on PostgreSQL.
    return sorted(rows[:MOST], key=lambda row: row.removed_at is not None)


def bytes_of(user: policy.Person) -> int:
    """The bytes of those that are there, as they were measured last."""
    rows = Workspace.objects.there().filter(execution__in=policy.visible_executions(user))
    return rows.aggregate(size=Sum("size_bytes"))["size"] or 0


def attached(execution: Execution) -> Workspace | None:
    """The workspace of an execution that was read with it; None where it has none."""
    return getattr(execution, "workspace", None)


def artifacts(execution: Execution) -> list[Artifact]:
    """The files that the run has left. Nobody asks again once it was read that there are none."""
    if not getattr(execution, "has_artifacts", True):
        return []
    return list(Artifact.objects.filter(execution=execution.pk)[:MOST])


def artifact(execution: Execution, key: uuid.UUID) -> Artifact | None:
    """One of them."""
    return Artifact.objects.filter(execution=execution.pk, pk=key).first()
