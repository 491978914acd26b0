"""Workflows: what they have in common with agents, runs by name, and the recovery alias of an
execution.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router, Status

from executions import policy
from executions.api import finding, runs
from executions.api.credentials import RUN, person
from executions.api.refusals import not_found
from executions.api.routes import empty
from executions.api.routes.definitions import Definitions, add_definitions
from executions.api.routes.objectives import add_objective
from executions.api.routes.verbs import add_route, recover_alias
from executions.api.schemas import executions as run_shapes
from executions.intake.apply import apply_definition
from executions.verbs.rows import VERBS

router = Router(tags=["Workflows"])
RECOVER_ALIAS = "recover-workflow"


add_definitions(
    router,
    Definitions(
        kind="workflow",
        visible=policy.visible_workflows,
        apply=apply_definition,
        run=runs.run_workflow,
        running="By id or slug, in its default instance or the one that is named.",
    ),
)

add_objective(router)


@router.post(
    "/{runner}/run/{workflow_name}",
    auth=RUN,
    response={202: run_shapes.Accepted},
    operation_id="run-workflow-by-name",
    summary="Run a workflow by its name",
    openapi_extra={"x-idempotency-key": True},
)
def run_by_name(
    request: HttpRequest,
    response: HttpResponse,
    runner: str,
    workflow_name: str,
    body: run_shapes.RunBody = empty.RUN,
) -> Status[dict[str, Any]]:
    """The form of older clients: the runner, then the workflow.

    A name that is not known lists those that are.
    """
    body = body.model_copy(update={"runner": runs.driver_named(runner)})
    workflows = policy.visible_workflows(person(request))
    if not workflows.filter(slug=workflow_name).exists():
        names = (
            ", ".join(workflows.order_by("slug").values_list("slug", flat=True)[:50]) or "none yet"
        )
        raise not_found(
            f"There is no workflow named {finding.shown(workflow_name)}.",
            f"Known workflows: {names}.",
        )
    workflow = finding.workflow(person(request), workflow_name)
    return Status(202, runs.run_workflow(request, response, person(request), workflow, body))


add_route(
    router,
    VERBS["recover"],
    RECOVER_ALIAS,
    "Recover an execution (alias)",
    recover_alias(
        "workflow",
        "The same as POST /workflow-executions/{execution_id}/recover; the id is that of the"
        " execution.",
    ),
)
