"""The objective of a workflow: read, set, taken away."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router, Status

from executions.api import finding
from executions.api.credentials import ACT, READ, person
from executions.api.refusals import not_found
from executions.api.render import objectives as render
from executions.api.schemas import objectives as shapes
from executions.models import Objective
from executions.objectives import setting


def add_objective(router: Router) -> None:
    """GET, PUT and DELETE /{ref}/objective."""

    @router.get(
        "/{ref}/objective",
        auth=READ,
        response=shapes.Objective,
        operation_id="read-workflow-objective",
        summary="Read the objective of a workflow",
    )
    def read(request: HttpRequest, ref: str) -> shapes.Objective:
        """With what was reached, the budget that is used, and how fast it burns. Days are those of
        UTC; 404 for a workflow without one.
        """
        workflow = finding.workflow(person(request), ref)
        row = Objective.objects.select_related("set_by").filter(workflow=workflow).first()
        if row is None:
            raise not_found(
                f"{workflow.slug} has no objective.", "Those who may change it set one: PUT."
            )
        return render.objective(row, workflow)

    @router.put(
        "/{ref}/objective",
        auth=ACT,
        response=shapes.Objective,
        operation_id="set-workflow-objective",
        summary="Set the objective of a workflow",
    )
    def put(request: HttpRequest, ref: str, body: shapes.ObjectiveBody) -> shapes.Objective:
        """In place of the one that it has. By those who may change the workflow; audited."""
        user = person(request)
        workflow = finding.workflow(user, ref)
        row = setting.set_objective(workflow, user, setting.Wanted(**body.model_dump()))
        return render.objective(row, workflow)

    @router.delete(
        "/{ref}/objective",
        auth=ACT,
        response={204: None},
        operation_id="remove-workflow-objective",
        summary="Remove the objective of a workflow",
    )
    def remove(request: HttpRequest, ref: str) -> Status[None]:
        """Its runs are measured no longer."""
        user = person(request)
        setting.remove(finding.workflow(user, ref), user)
        return Status(204, None)
