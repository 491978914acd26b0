"""Agents: what they have in common with workflows, and the conversations with them."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Status

from executions import policy
from executions.api import finding, runs
from executions.api.credentials import READ, RUN, person
from executions.api.cursors import Listing, Page
from executions.api.render import links
from executions.api.render import resources as render
from executions.api.routes import resources
from executions.api.routes.definitions import Definitions, add_definitions
from executions.api.schemas import resources as shapes
from executions.intake import agents

router = Router(tags=["Agents"])
sessions = Router(tags=["Sessions"])


add_definitions(
    router,
    Definitions(
        kind="agent",
        visible=policy.visible_agents,
        apply=agents.apply_agent,
        run=runs.run_agent,
        running="Says `message` to it, in the named session or in the caller's default one. It may"
        " ask another `model`, and go on with the conversation of another run (`from_run`).",
    ),
)


@router.get(
    "/{ref}/sessions",
    auth=READ,
    response=Page[shapes.Session],
    operation_id="list-agent-sessions",
    summary="List the conversations with an agent",
)
def agent_sessions(
    request: HttpRequest, ref: str, paging: Annotated[resources.Paging, Query()]
) -> dict[str, Any]:
    """The caller's own; support and administrators see all. Newest first."""
    agent = finding.agent(person(request), ref)
    rows = (
        policy.visible_sessions(person(request))
        .filter(agent=agent)
        .select_related("agent", "owner")
    )
    return Listing(f"sessions.{agent.pk}", paging.limit, paging.cursor).page(rows, render.session)


@router.post(
    "/{ref}/sessions",
    auth=RUN,
    response={201: shapes.Session},
    operation_id="create-agent-session",
    summary="Begin a conversation",
)
def create_session(
    request: HttpRequest, response: HttpResponse, ref: str, body: shapes.SessionBody
) -> Status[shapes.Session]:
    """A thread of runs of the caller with this agent."""
    session = agents.create_session(
        finding.agent(person(request), ref), person(request), subject=body.subject
    )
    response["Location"] = f"{links.BASE}/sessions/{session.public_id}"
    return Status(201, render.session(session))


@sessions.get(
    "",
    auth=READ,
    response=Page[shapes.Session],
    operation_id="list-sessions",
    summary="List conversations",
)
def all_sessions(
    request: HttpRequest, paging: Annotated[resources.Paging, Query()]
) -> dict[str, Any]:
    """The caller's own; support and administrators see all. Newest first."""
    rows = policy.visible_sessions(person(request)).select_related("agent", "owner")
    return Listing("sessions", paging.limit, paging.cursor).page(rows, render.session)


@sessions.get(
    "/{session_id}",
    auth=READ,
    response=shapes.Session,
    operation_id="read-session",
    summary="Read a conversation",
)
def read_session(request: HttpRequest, session_id: str) -> shapes.Session:
    """Its runs are at `links.executions`."""
    return render.session(finding.session(person(request), session_id))
