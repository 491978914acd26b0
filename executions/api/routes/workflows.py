"""Workflows: applied, read, changed, deleted and run; the recovery alias of an execution."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Status

from executions import policy
from executions.api import finding, runs
from executions.api.credentials import ACT, READ, RUN, person
from executions.api.cursors import Page
from executions.api.refusals import not_found
from executions.api.render import resources as render
from executions.api.routes import empty, resources
from executions.api.routes.verbs import recovered
from executions.api.schemas import executions as run_shapes
from executions.api.schemas import resources as shapes
from executions.intake import standing
from executions.intake.apply import apply_definition

router = Router(tags=["Workflows"])
RECOVER_ALIAS = "recover-workflow"


@router.post(
    "", auth=ACT, response={200: shapes.Applied, 201: shapes.Applied}, operation_id="apply-workflow",
    summary="Apply a workflow definition", openapi_extra=resources.DEFINITION_BODY,
)  # fmt: skip
@resources.takes_definition
def apply(request: HttpRequest, response: HttpResponse, how: Annotated[resources.How, Query()]) -> Any:
    """The body is the definition, as YAML or JSON. The same text changes nothing; another makes a new version."""

    def applied() -> Any:
        return apply_definition(resources.definition_of(request), person(request), visibility=how.visibility)

    return resources.answer_applied(response, "workflow", applied, how)


@router.get("", auth=READ, response=Page[shapes.Resource], operation_id="list-workflows", summary="List workflows")
def listed(request: HttpRequest, filters: Annotated[resources.Filters, Query()]) -> dict[str, Any]:
    """Those that the caller may see, newest first; documents are left out."""
    return resources.page(policy.visible_workflows(person(request)), filters, "workflows")


@router.get("/{ref}", auth=READ, response=shapes.Resource, operation_id="read-workflow", summary="Read a workflow")
def read(request: HttpRequest, ref: str) -> shapes.Resource:
    """By id or slug, with the document of its newest version."""
    return render.resource(finding.workflow(person(request), ref))


@router.patch("/{ref}", auth=ACT, response=shapes.Resource, operation_id="change-workflow", summary="Change a workflow")
def change(request: HttpRequest, ref: str, body: shapes.ChangeBody) -> shapes.Resource:
    """Its name, description, visibility, labels and annotations; fields that are left out stay."""
    found = finding.workflow(person(request), ref)
    standing.change(found, person(request), resources.given(body))
    return render.resource(found)


@router.delete("/{ref}", auth=ACT, response={204: None}, operation_id="delete-workflow", summary="Delete a workflow")
def delete(request: HttpRequest, ref: str) -> Status[None]:
    """With its versions and instances; 409 while executions of it exist."""
    standing.delete(finding.workflow(person(request), ref), person(request))
    return Status(204, None)


@router.post(
    "/{ref}/run", auth=RUN, response={202: run_shapes.Accepted}, operation_id="run-workflow",
    summary="Run a workflow", openapi_extra={"x-idempotency-key": True},
)  # fmt: skip
def run(
    request: HttpRequest, response: HttpResponse, ref: str, body: run_shapes.RunBody = empty.RUN
) -> Status[dict[str, Any]]:
    """By id or slug, in its default instance or the one that is named."""
    found = finding.workflow(person(request), ref)
    return Status(202, runs.run_workflow(request, response, person(request), found, body))


@router.post(
    "/{runner}/run/{workflow_name}", auth=RUN, response={202: run_shapes.Accepted}, operation_id="run-workflow-by-name",
    summary="Run a workflow by its name", openapi_extra={"x-idempotency-key": True},
)  # fmt: skip
def run_by_name(
    request: HttpRequest,
    response: HttpResponse,
    runner: str,
    workflow_name: str,
    body: run_shapes.RunBody = empty.RUN,
) -> Status[dict[str, Any]]:
    """The form of older clients: the runner, then the workflow. A name that is not known lists those that are."""
    body = body.model_copy(update={"runner": runs.driver_named(runner)})
    seen = policy.visible_workflows(person(request))
    if not seen.filter(slug=workflow_name).exists():
        known = ", ".join(seen.order_by("slug").values_list("slug", flat=True)[:50]) or "none yet"
        raise not_found(f"There is no workflow named {finding.shown(workflow_name)}.", f"Known workflows: {known}.")
    found = finding.workflow(person(request), workflow_name)
    return Status(202, runs.run_workflow(request, response, person(request), found, body))


@router.post(
    "/{execution_id}/recover", auth=ACT, response=run_shapes.Decided, operation_id=RECOVER_ALIAS,
    summary="Recover an execution (alias)", openapi_extra={"x-if-match": True},
)  # fmt: skip
def recover(
    request: HttpRequest, execution_id: str, body: run_shapes.RecoverBody = empty.RECOVER
) -> run_shapes.Decided:
    """The same as POST /workflow-executions/{execution_id}/recover; the id is that of the execution."""
    return recovered(request, finding.execution(person(request), execution_id, "workflow"), body)


resources.add_versions(router, "workflow")
resources.add_instances(router, "workflow")
