"""The folders in which runs work, and the files that they have left."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from ninja import Query, Router

from executions import policy
from executions.api import finding
from executions.api.credentials import READ, person
from executions.api.cursors import Listing, Page
from executions.api.refusals import not_found
from executions.api.render import workspaces as render
from executions.api.routes.resources import Paging
from executions.api.schemas import workspaces as shapes
from executions.ids import parse_public_id
from executions.models import Artifact, Execution, Workspace
from executions.workspaces import serving

router = Router(tags=["Workspaces"])
_FILE = {
    "description": "Its contents.",
    "content": {serving.CONTENT_TYPE: {"schema": {"type": "string", "format": "binary"}}},
}


@router.get(
    "",
    auth=READ,
    response=Page[shapes.Workspace],
    operation_id="list-workspaces",
    summary="List workspaces",
)
def listed(request: HttpRequest, paging: Annotated[Paging, Query()]) -> dict[str, Any]:
    """Of the runs that the caller may see, the newest first; removed ones too."""
    runs = policy.visible_executions(person(request))
    rows = Workspace.objects.filter(execution__in=runs).select_related("execution")
    return Listing("workspaces", paging.limit, paging.cursor).page(rows, render.workspace)


def add_workspace(router: Router, kind: str) -> None:
    """GET …/workspace, …/artifacts, …/artifacts/{artifact_id} and its content."""

    @router.get(
        "/{execution_id}/workspace",
        auth=READ,
        response=shapes.Workspace,
        operation_id=f"read-{kind}-workspace",
        summary=f"Read the workspace of a {kind} execution",
    )
    def workspace(request: HttpRequest, execution_id: str) -> shapes.Workspace:
        """The folder in which it works, and what it has changed there."""
        execution = finding.execution(person(request), execution_id, kind)
        rows = Workspace.objects.select_related("execution")
        row = rows.filter(execution_id=execution.pk).first()
        if row is None:
            raise not_found("This run has no workspace.")
        return render.workspace(row)

    @router.get(
        "/{execution_id}/artifacts",
        auth=READ,
        response=shapes.Artifacts,
        operation_id=f"list-{kind}-artifacts",
        summary=f"List the files that a {kind} execution has left",
    )
    def artifacts(request: HttpRequest, execution_id: str) -> shapes.Artifacts:
        """By name; of one name it has one, the newest."""
        execution = finding.execution(person(request), execution_id, kind)
        rows = Artifact.objects.filter(execution_id=execution.pk)
        return shapes.Artifacts(items=[render.artifact(row, execution) for row in rows])

    @router.get(
        "/{execution_id}/artifacts/{artifact_id}",
        auth=READ,
        response=shapes.Artifact,
        operation_id=f"read-{kind}-artifact",
        summary=f"Read about a file that a {kind} execution has left",
    )
    def artifact(request: HttpRequest, execution_id: str, artifact_id: str) -> shapes.Artifact:
        """Its name, size and digest."""
        execution = finding.execution(person(request), execution_id, kind)
        return render.artifact(_artifact(execution, artifact_id), execution)

    @router.get(
        "/{execution_id}/artifacts/{artifact_id}/content",
        auth=READ,
        response={200: None},
        operation_id=f"download-{kind}-artifact",
        summary=f"Download a file that a {kind} execution has left",
        openapi_extra={"responses": {200: _FILE}},
    )
    def content(request: HttpRequest, execution_id: str, artifact_id: str) -> HttpResponseBase:
        """For those who may export the run: a viewer may not."""
        user = person(request)
        execution = finding.execution(user, execution_id, kind)
        serving.check_may_download(user, execution)
        row = _artifact(execution, artifact_id)
        try:
            return serving.download(request, row)
        except FileNotFoundError as missing:
            raise not_found(f"The file {row.name} is not kept any more.") from missing


def _artifact(execution: Execution, public_id: str) -> Artifact:
    key = finding.number(parse_public_id(public_id, "art"), "artifact", public_id)
    row = Artifact.objects.filter(execution_id=execution.pk, pk=key).first()
    if row is None:
        raise not_found(f"This run has no artifact {finding.shown(public_id)}.")
    return row
