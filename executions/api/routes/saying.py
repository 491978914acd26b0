"""Messages of the owner to an agent's run while it works."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router, Status

from executions.api import finding
from executions.api.credentials import ACT, RUN, person
from executions.api.schemas import executions as shapes
from executions.driving import approved
from executions.intake.saying import say as queue


def add_saying(router: Router) -> None:
    """POST /{execution_id}/messages and /{execution_id}/take-back."""

    @router.post(
        "/{execution_id}/messages",
        auth=RUN,
        response={202: shapes.Queued},
        operation_id="say-agent-execution",
        summary="Say something to a run that works",
    )
    def say(request: HttpRequest, execution_id: str, body: shapes.SayBody) -> Status[shapes.Queued]:
        """It is taken at the start of the next turn; where there is none any more, it begins the
        next run of the conversation. 409 where the run has ended.
        """
        execution = finding.execution(person(request), execution_id, "agent")
        row = queue(execution, person(request), body.message)
        row.refresh_from_db()
        queued = shapes.Queued(id=row.public_id, message=row.text, created_at=row.created_at)
        return Status(202, queued)

    @router.post(
        "/{execution_id}/take-back",
        auth=ACT,
        response={204: None},
        operation_id="take-back-agent-execution",
        summary="Take back an approval for the rest of a run",
    )
    def take_back(
        request: HttpRequest, execution_id: str, body: shapes.TakeBackBody
    ) -> Status[None]:
        """From its next call on the tool asks again. 409 where it is not approved."""
        execution = finding.execution(person(request), execution_id, "agent")
        approved.take_back(execution, person(request), body.tool)
        return Status(204, None)
