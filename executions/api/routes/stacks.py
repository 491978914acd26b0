"""The stacks of a run's Python functions at this moment."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router

from executions.api import finding
from executions.api.credentials import ACT, person
from executions.api.schemas import stacks as shapes
from executions.recovery import stacks


def add_stack(router: Router, kind: str) -> None:
    """POST /{execution_id}/stack."""

    @router.post(
        "/{execution_id}/stack",
        auth=ACT,
        response=shapes.LiveStack,
        operation_id=f"read-{kind}-stack",
        summary="Ask where its functions are",
    )
    def stack(request: HttpRequest, execution_id: str) -> shapes.LiveStack:
        """The worker is asked and the run goes on; for administrators and support alone, audited,
        at most 12 times a minute.
        """
        user = person(request)
        answer = stacks.stack(finding.execution(user, execution_id, kind), user)
        return shapes.LiveStack.model_validate({"said": answer.said, "calls": list(answer.calls)})
