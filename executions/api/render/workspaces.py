"""Workspaces and artifacts as the API shows them."""

from __future__ import annotations

from executions.api.render import links
from executions.api.schemas import workspaces as shapes
from executions.models import Artifact, Execution, Workspace


def workspace(row: Workspace) -> shapes.Workspace:
    here = f"/{row.execution.kind}-executions/{row.execution.public_id}"
    return shapes.Workspace(
        id=row.public_id,
        execution_id=row.execution.public_id,
        state=row.state,
        path=row.path,
        host=row.host,
        repository=row.repository,
        branch=row.branch,
        start_commit=row.start_commit,
        end_commit=row.end_commit,
        files_changed=row.files_changed,
        insertions=row.insertions,
        deletions=row.deletions,
        uncommitted=row.uncommitted,
        size_bytes=row.size_bytes,
        persistent=row.is_persistent,
        keep_until=row.keep_until,
        handed_to=row.handed_to,
        saved_commit=row.saved_commit,
        saved_at=row.saved_at,
        saved_problem=row.saved_problem,
        problem=row.problem,
        created_at=row.created_at,
        removed_at=row.removed_at,
        links=links.to(f"{here}/workspace", execution=here, artifacts=f"{here}/artifacts"),
    )


def artifact(row: Artifact, execution: Execution) -> shapes.Artifact:
    here = f"/{execution.kind}-executions/{execution.public_id}/artifacts/{row.public_id}"
    return shapes.Artifact(
        id=row.public_id,
        name=row.name,
        step=row.path,
        digest=row.digest,
        size=row.size,
        created_at=row.created_at,
        links=links.to(here, content=f"{here}/content"),
    )
