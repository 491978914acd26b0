"""Instances by their own ids, of workflows and of agents."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest
from ninja import Router, Status

from executions import policy
from executions.api import finding
from executions.api.credentials import ACT, READ, person
from executions.api.refusals import not_found
from executions.api.render import resources as render
from executions.api.routes.resources import sent_fields
from executions.api.schemas import resources as shapes
from executions.ids import parse_public_id
from executions.intake import standing
from executions.models import AgentInstance, WorkflowInstance

KINDS: dict[str, tuple[str, type[WorkflowInstance] | type[AgentInstance]]] = {
    "workflow": ("win", WorkflowInstance),
    "agent": ("ain", AgentInstance),
}


def instance_or_404(user: User, kind: str, public_id: str) -> WorkflowInstance | AgentInstance:
    """An instance of a parent that the caller may see."""
    prefix, model = KINDS[kind]
    key = finding.number(parse_public_id(public_id, prefix), f"{kind} instance", public_id)
    parents: Any = (
        policy.visible_workflows(user) if kind == "workflow" else policy.visible_agents(user)
    )
    rows = model._default_manager.filter(**{f"{kind}__in": parents}).select_related(
        kind, f"{kind}__owner"
    )
    instance: WorkflowInstance | AgentInstance | None = rows.filter(pk=key).first()
    if instance is None:
        raise not_found(f"There is no {kind} instance {finding.shown(public_id)}.")
    return instance


def routes(kind: str) -> Router:
    router = Router(tags=["Instances"])

    @router.get(
        "/{instance_id}",
        auth=READ,
        response=shapes.Instance,
        operation_id=f"read-{kind}-instance",
        summary=f"Read an instance of {_a(kind)}",
    )
    def read(request: HttpRequest, instance_id: str) -> shapes.Instance:
        return render.instance(instance_or_404(person(request), kind, instance_id))

    @router.patch(
        "/{instance_id}",
        auth=ACT,
        response=shapes.Instance,
        operation_id=f"change-{kind}-instance",
        summary=f"Change an instance of {_a(kind)}",
    )
    def change(
        request: HttpRequest, instance_id: str, body: shapes.ChangeInstanceBody
    ) -> shapes.Instance:
        """Its description and default input; runs that were started keep what they had."""
        instance = instance_or_404(person(request), kind, instance_id)
        standing.change_instance(instance, person(request), sent_fields(body))
        return render.instance(instance)

    @router.delete(
        "/{instance_id}",
        auth=ACT,
        response={204: None},
        operation_id=f"delete-{kind}-instance",
        summary=f"Delete an instance of {_a(kind)}",
    )
    def delete(request: HttpRequest, instance_id: str) -> Status[None]:
        """409 for the default instance and while executions of it exist."""
        standing.delete_instance(
            instance_or_404(person(request), kind, instance_id), person(request)
        )
        return Status(204, None)

    return router


def _a(kind: str) -> str:
    return f"an {kind}" if kind == "agent" else f"a {kind}"
