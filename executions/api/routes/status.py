"""UpdateStatus: an external runner reports how an execution goes."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import Router

from executions.api import finding
from executions.api.credentials import ACT, person
from executions.api.preconditions import etag
from executions.api.render import executions as render
from executions.api.schemas import executions as shapes
from executions.intake.status_update import StatusUpdate
from executions.intake.update_status import update_status


def add_status(router: Router, kind: str) -> None:
    @router.patch(
        "/{execution_id}/status",
        auth=ACT,
        response=shapes.Execution,
        operation_id=f"update-{kind}-execution-status",
        summary="Report how it goes",
    )
    def report(
        request: HttpRequest, response: HttpResponse, execution_id: str, body: StatusUpdate
    ) -> shapes.Execution:
        """For external runners.

        A list that is left out stays, an empty one empties; an ended run never goes back; an update
        that comes late or twice is ignored. 409 for a run that our own workers drive.
        """
        execution = finding.execution(person(request), execution_id, kind)
        updated = update_status(execution.pk, person(request), body, kind=kind)
        fresh = finding.execution(person(request), execution_id, kind)
        response["ETag"] = etag(fresh.head_seq)
        response["Stigmer-Update"] = "applied" if updated.is_applied else "ignored"
        return render.execution(fresh)
