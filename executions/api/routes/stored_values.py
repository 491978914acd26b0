"""Results that are too large for their steps."""

from __future__ import annotations

import re

from django.http import HttpRequest, HttpResponse
from ninja import Router

from executions import showing
from executions.api import finding
from executions.api.credentials import READ, person
from executions.api.refusals import not_found
from executions.driving import stored_values

CONTENT_TYPE = "text/plain; charset=utf-8"
_DIGEST = re.compile(r"[0-9a-f]{16,64}")
_TEXT = {
    "description": "The whole result as text.",
    "content": {"text/plain": {"schema": {"type": "string"}}},
}


def add_stored_values(router: Router) -> None:
    """GET /{execution_id}/stored-values/{digest}."""

    @router.get(
        "/{execution_id}/stored-values/{digest}",
        auth=READ,
        response={200: None},
        operation_id="read-stored-value",
        summary="Read a large result whole",
        openapi_extra={"responses": {200: _TEXT}},
    )
    def stored_value(request: HttpRequest, execution_id: str, digest: str) -> HttpResponse:
        """The result of a tool that is too large for its step, which holds `$stored` with the
        digest in its place.
        """
        execution = finding.execution(person(request), execution_id, "agent")
        match = _DIGEST.fullmatch(digest)
        text = stored_values.find([execution.pk], digest) if match else None
        if text is None:
            raise not_found(f"This run has no stored value {finding.shown(digest)}.")
        return HttpResponse(showing.value(text), content_type=CONTENT_TYPE)
