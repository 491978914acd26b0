"""Agents: applied, read, changed, deleted and run; the conversations with them."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Status

from executions import policy
from executions.api import finding, runs
from executions.api.credentials import ACT, READ, RUN, person
from executions.api.cursors import Listing, Page
from executions.api.render import links
from executions.api.render import resources as render
from executions.api.routes import empty, resources
from executions.api.schemas import executions as run_shapes
from executions.api.schemas import resources as shapes
from executions.intake import agents, standing

router = Router(tags=["Agents"])
sessions = Router(tags=["Sessions"])


@router.post(
    "", auth=ACT, response={200: shapes.Applied, 201: shapes.Applied}, operation_id="apply-agent",
    summary="Apply an agent definition", openapi_extra=resources.DEFINITION_BODY,
)  # fmt: skip
@resources.takes_definition
def apply(request: HttpRequest, response: HttpResponse, how: Annotated[resources.How, Query()]) -> Any:
    """The body is the definition, as YAML or JSON. The same text changes nothing; another makes a new version."""

    def applied() -> Any:
        return agents.apply_agent(resources.definition_of(request), person(request), visibility=how.visibility)

    return resources.answer_applied(response, "agent", applied, how)


@router.get("", auth=READ, response=Page[shapes.Resource], operation_id="list-agents", summary="List agents")
def listed(request: HttpRequest, filters: Annotated[resources.Filters, Query()]) -> dict[str, Any]:
    """Those that the caller may see, newest first; documents are left out."""
    return resources.page(policy.visible_agents(person(request)), filters, "agents")


@router.get("/{ref}", auth=READ, response=shapes.Resource, operation_id="read-agent", summary="Read an agent")
def read(request: HttpRequest, ref: str) -> shapes.Resource:
    """By id or slug, with the document of its newest version."""
    return render.resource(finding.agent(person(request), ref))


@router.patch("/{ref}", auth=ACT, response=shapes.Resource, operation_id="change-agent", summary="Change an agent")
def change(request: HttpRequest, ref: str, body: shapes.ChangeBody) -> shapes.Resource:
    """Its name, description, visibility, labels and annotations; fields that are left out stay."""
    found = finding.agent(person(request), ref)
    standing.change(found, person(request), resources.given(body))
    return render.resource(found)


@router.delete("/{ref}", auth=ACT, response={204: None}, operation_id="delete-agent", summary="Delete an agent")
def delete(request: HttpRequest, ref: str) -> Status[None]:
    """With its versions, instances and conversations; 409 while executions of it exist."""
    standing.delete(finding.agent(person(request), ref), person(request))
    return Status(204, None)


@router.post(
    "/{ref}/run", auth=RUN, response={202: run_shapes.Accepted}, operation_id="run-agent", summary="Run an agent",
    openapi_extra={"x-idempotency-key": True},
)  # fmt: skip
def run(
    request: HttpRequest, response: HttpResponse, ref: str, body: run_shapes.RunBody = empty.RUN
) -> Status[dict[str, Any]]:
    """Says `message` to it, in the named session or in the caller's default one. Needs an external runner for now."""
    found = finding.agent(person(request), ref)
    return Status(202, runs.run_agent(request, response, person(request), found, body))


@router.get(
    "/{ref}/sessions", auth=READ, response=Page[shapes.Session], operation_id="list-agent-sessions",
    summary="List the conversations with an agent",
)  # fmt: skip
def agent_sessions(request: HttpRequest, ref: str, paging: Annotated[resources.Paging, Query()]) -> dict[str, Any]:
    """The caller's own; support and administrators see all. Newest first."""
    agent = finding.agent(person(request), ref)
    rows = policy.visible_sessions(person(request)).filter(agent=agent).select_related("agent", "owner")
    return Listing(f"sessions.{agent.pk}", paging.limit, paging.cursor).page(rows, render.session)


@router.post(
    "/{ref}/sessions", auth=RUN, response={201: shapes.Session}, operation_id="create-agent-session",
    summary="Begin a conversation",
)  # fmt: skip
def create_session(
    request: HttpRequest, response: HttpResponse, ref: str, body: shapes.SessionBody
) -> Status[shapes.Session]:
    """A thread of runs of the caller with this agent."""
    made = agents.create_session(finding.agent(person(request), ref), person(request), subject=body.subject)
    response["Location"] = f"{links.BASE}/sessions/{made.public_id}"
    return Status(201, render.session(made))


resources.add_versions(router, "agent")
resources.add_instances(router, "agent")


@sessions.get("", auth=READ, response=Page[shapes.Session], operation_id="list-sessions", summary="List conversations")
def all_sessions(request: HttpRequest, paging: Annotated[resources.Paging, Query()]) -> dict[str, Any]:
    """The caller's own; support and administrators see all. Newest first."""
    rows = policy.visible_sessions(person(request)).select_related("agent", "owner")
    return Listing("sessions", paging.limit, paging.cursor).page(rows, render.session)


@sessions.get(
    "/{session_id}", auth=READ, response=shapes.Session, operation_id="read-session", summary="Read a conversation"
)
def read_session(request: HttpRequest, session_id: str) -> shapes.Session:
    """Its runs are at `links.executions`."""
    return render.session(finding.session(person(request), session_id))
