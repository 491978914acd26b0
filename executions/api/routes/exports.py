"""A run as a file."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import Router

from executions.api import finding
from executions.api.credentials import READ, person
from executions.retention.exporting import CONTENT_TYPE, file_name
from executions.retention.exporting import export as packed

_FILE = {
    "description": "Lines of JSON, gzip.",
    "content": {CONTENT_TYPE: {"schema": {"type": "string", "format": "binary"}}},
}


def add_export(router: Router, kind: str) -> None:
    """GET /{execution_id}/export."""

    @router.get(
        "/{execution_id}/export",
        auth=READ,
        response={200: None},
        operation_id=f"export-{kind}-execution",
        summary=f"Export a {kind} execution",
        openapi_extra={"responses": {200: _FILE}},
    )
    def export(request: HttpRequest, execution_id: str) -> HttpResponse:
        """The run with its history and the text of what it runs, secrets hidden: a file that
        `stigmer import` reads.
        """
        execution = finding.execution(person(request), execution_id, kind)
        answer = HttpResponse(packed(execution, person(request)), content_type=CONTENT_TYPE)
        name = file_name(execution)
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer
