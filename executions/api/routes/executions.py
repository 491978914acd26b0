"""Executions of both kinds: started, read, listed, deleted. The two kinds have the same
addresses.
"""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Literal

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Status
from pydantic import BaseModel, Field

from executions import clock, policy
from executions.api import finding, runs
from executions.api.credentials import ACT, READ, RUN, person
from executions.api.cursors import USUAL, Cursor, Limit, Listing, Moment, Page
from executions.api.preconditions import etag
from executions.api.problems import Problem
from executions.api.refusals import not_found
from executions.api.render import executions as render
from executions.api.schemas import executions as shapes
from executions.ids import parse_public_id
from executions.intake import standing
from executions.models import WorkflowInstance
from executions.models.execution import ExecutionQuerySet
from executions.searching.search import SEARCHED, Search
from executions.searching.typed import HELP, parse
from executions.states import Phase

Kind = Literal["workflow", "agent"]


class Filters(BaseModel):
    """The filters of a list of executions."""

    limit: Limit = USUAL
    cursor: Cursor = None
    phase: list[Phase] = Field([], max_length=8, description="One or more phases.")
    workflow: str | None = Field(None, max_length=340, description="Id or slug of a workflow.")
    agent: str | None = Field(None, max_length=340, description="Id or slug of an agent.")
    session: str | None = Field(None, max_length=40, description="Id of a session.")
    parent: str | None = Field(
        None, max_length=40, description="Id of the execution that started them."
    )
    owner: str | None = Field(None, max_length=150, description="User name of the owner, or `me`.")
    correlation_id: str | None = Field(None, max_length=64)
    needs_attention: bool | None = Field(
        None,
        description=(
            "Failed, set aside for a person, waiting for a decision, or its external runner is"
            " silent."
        ),
    )
    text: str | None = Field(
        None, max_length=200, description="Its id, or part of its name, its slug or why it failed."
    )
    q: str = Field(
        "", max_length=500, description=f"A search as it is typed above the list. {HELP}"
    )
    created_after: Moment | None = None
    created_before: Moment | None = None


def asked_for(
    user: User, kind: Kind, filters: Filters
) -> tuple[ExecutionQuerySet, tuple[Search, Search]]:
    """The executions of this kind that the caller may see and asks for. Raises Problem."""
    typed = parse(filters.q, clock.now())
    if typed.problems:
        raise Problem("invalid-argument", " ".join(typed.problems), remedy=HELP)
    session = None
    if filters.session is not None:
        session = finding.number(
            parse_public_id(filters.session, "ses"), "session", filters.session
        )
    parent = None
    if filters.parent is not None:
        key = parse_public_id(filters.parent, *finding.PREFIXES.values())
        parent = finding.number(key, "execution", filters.parent)
    search = Search(
        kind=kind,
        phases=tuple(filters.phase),
        needs_attention=filters.needs_attention,
        workflow=filters.workflow or "",
        agent=filters.agent or "",
        session=session,
        parent=parent,
        owner=filters.owner or "",
        correlation_id=filters.correlation_id or "",
        after=filters.created_after,
        before=filters.created_before,
        text=filters.text or "",
    )
    return policy.visible_executions(user), (search, typed.search)


def add_reading(router: Router, kind: Kind) -> None:
    """GET a list, GET one, DELETE one."""
    many = f"{kind}-executions"

    @router.get(
        "",
        auth=READ,
        response=Page[shapes.Execution],
        operation_id=f"list-{many}",
        summary=f"List {kind} executions",
    )
    def listed(request: HttpRequest, filters: Annotated[Filters, Query()]) -> dict[str, Any]:
        """Newest first; input, output and error are left out. A search by words looks through the
        10,000 newest at a time: such a page may hold fewer than asked, or none, and lead on.
        """
        user = person(request)
        rows, searches = asked_for(user, kind, filters)
        related = ("owner", "workflow", "version", "agent", "agent_version")
        rows = rows.select_related(*related).defer(*render.HEAVY, *_LARGE)
        listing = Listing(many, filters.limit, filters.cursor)

        def matching(among: ExecutionQuerySet) -> ExecutionQuerySet:
            return among.matching(searches[0], user.pk).matching(searches[1], user.pk)

        if not any(search.reads_each_row() for search in searches):
            return listing.page(matching(rows), render.item)

        def newest(before: uuid.UUID | None) -> tuple[ExecutionQuerySet, uuid.UUID | None]:
            among, last = rows.newest(SEARCHED, before, searches[0].text or searches[1].text)
            return matching(among), last

        return listing.searched(newest, render.item)

    @router.get(
        "/{execution_id}",
        auth=READ,
        response=shapes.Execution,
        operation_id=f"read-{kind}-execution",
        summary=f"Read a {kind} execution",
    )
    def read(request: HttpRequest, response: HttpResponse, execution_id: str) -> shapes.Execution:
        """Everything about it but its history. ETag is its sequence."""
        execution = finding.execution(person(request), execution_id, kind)
        response["ETag"] = etag(execution.head_seq)
        return render.execution(execution)

    @router.delete(
        "/{execution_id}",
        auth=ACT,
        response={204: None},
        operation_id=f"delete-{kind}-execution",
        summary=f"Delete a {kind} execution",
    )
    def delete(request: HttpRequest, execution_id: str) -> Status[None]:
        """With its history; only one that has ended (409 otherwise)."""
        standing.delete_execution(
            finding.execution(person(request), execution_id, kind), person(request)
        )
        return Status(204, None)


_LARGE = (
    "version__source",
    "version__document",
    "agent_version__source",
    "agent_version__document",
)


def workflow_executions() -> Router:
    router = Router(tags=["Workflow executions"])
    add_reading(router, "workflow")

    @router.post(
        "",
        auth=RUN,
        response={202: shapes.Accepted},
        operation_id="create-workflow-execution",
        summary="Start a workflow or one of its instances",
    )
    def create(
        request: HttpRequest, response: HttpResponse, body: shapes.CreateBody
    ) -> Status[dict[str, Any]]:
        """Name the workflow, or one of its instances.

        Answered with 202: it is PENDING until a worker takes it.
        """
        user = person(request)
        workflow = (
            finding.workflow(user, body.workflow_id) if body.workflow_id is not None else None
        )
        instance = (
            _visible_instance(user, body.workflow_instance_id)
            if body.workflow_instance_id
            else None
        )
        if workflow is not None and instance is not None and instance.workflow_id != workflow.pk:
            raise Problem(
                "invalid-argument",
                f"{instance.slug} is not an instance of the workflow {workflow.slug}.",
            )
        if workflow is None and instance is not None:
            workflow = instance.workflow
        return Status(202, runs.run_workflow(request, response, user, workflow, body, instance))

    return router


def _visible_instance(user: User, public_id: str) -> WorkflowInstance:
    key = finding.number(parse_public_id(public_id, "win"), "workflow instance", public_id)
    instances = WorkflowInstance.objects.filter(workflow__in=policy.visible_workflows(user))
    instance = (
        instances.select_related("workflow__head_version", "workflow__owner").filter(pk=key).first()
    )
    if instance is None:
        raise not_found(f"There is no workflow instance {public_id}.")
    return instance


def agent_executions() -> Router:
    router = Router(tags=["Agent executions"])
    add_reading(router, "agent")

    @router.post(
        "",
        auth=RUN,
        response={202: shapes.Accepted},
        operation_id="create-agent-execution",
        summary="Start an agent",
    )
    def create(
        request: HttpRequest, response: HttpResponse, body: shapes.CreateAgentBody
    ) -> Status[dict[str, Any]]:
        """Name the agent or a session with it. Without a session one is made."""
        user = person(request)
        agent = finding.agent(user, body.agent_id) if body.agent_id is not None else None
        return Status(202, runs.run_agent(request, response, user, agent, body))

    return router
