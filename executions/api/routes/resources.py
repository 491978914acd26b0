"""The resources that workflows and agents have in common: applying a text, versions, instances,
lists.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Status
from pydantic import BaseModel, Field

from executions.api import finding
from executions.api.credentials import ACT, READ, person
from executions.api.cursors import USUAL, Cursor, Limit, Listing, Page
from executions.api.problems import FieldError, Problem
from executions.api.reading import text_of
from executions.api.refusals import not_found
from executions.api.render import links
from executions.api.render import resources as render
from executions.api.schemas import resources as shapes
from executions.api.schemas.shared import Body as BodyShape
from executions.intake import standing
from executions.models import Agent, Skill, Workflow
from executions.models.resource import LONGEST_MESSAGE
from executions.models.transactions import atomic, run_tx

DEFINITION_TYPES = (
    "application/yaml",
    "application/json",
    "text/yaml",
    "application/x-yaml",
    "text/plain",
    "text/markdown",
)
DEFINITION_BODY = {
    "requestBody": {
        "required": True,
        "description": "The definition itself, as YAML or JSON.",
        "content": {
            "application/yaml": {"schema": {"type": "string", "minLength": 1}},
            "application/json": {"schema": {"type": "object"}},
        },
    }
}
Find = Callable[[User, str], Any]
FINDERS: dict[str, Find] = {
    "workflow": finding.workflow,
    "agent": finding.agent,
    "skill": finding.skill,
}


class How(BaseModel):
    """How to apply."""

    visibility: Literal["shared", "private"] = "shared"
    message: str = Field(
        "",
        max_length=LONGEST_MESSAGE,
        description="A word on what the new version changes; its list says it.",
    )
    dry_run: bool = Field(
        False, description="Check everything and say what would be done; store nothing."
    )


class Filters(BaseModel):
    """The filters of a list of workflows or agents."""

    limit: Limit = USUAL
    cursor: Cursor = None
    text: str | None = Field(None, max_length=200, description="Part of its name or slug.")
    owner: str | None = Field(None, max_length=150, description="User name of the owner.")


class Paging(BaseModel):
    """Which page of a list."""

    limit: Limit = USUAL
    cursor: Cursor = None


def takes_definition(view: Callable[..., Any]) -> Callable[..., Any]:
    """The view reads the body itself, in one of these types."""
    view.content_types = DEFINITION_TYPES  # type: ignore[attr-defined]
    return view


def definition_of(request: HttpRequest) -> str:
    """The text that was sent."""
    text = text_of(request)
    if not text.strip():
        raise Problem(
            "invalid",
            "There is no definition in the body.",
            errors=[FieldError("Is empty.", pointer="#")],
        )
    return text


def answer_applied(
    response: HttpResponse, kind: str, apply: Callable[[], Any], how: How
) -> Status[Any]:
    """201 where it was created, else 200; a dry run is carried out and taken back."""

    def work() -> Any:
        with atomic():
            applied = apply()
            transaction.set_rollback(how.dry_run)
        return applied

    applied = run_tx(work)
    row: Workflow | Agent | Skill = getattr(applied, kind)
    created = applied.result == "created"
    exists = not (created and how.dry_run)
    answer = shapes.Applied(
        result=applied.result,
        dry_run=how.dry_run,
        id=row.public_id if exists else None,
        slug=row.slug,
        version=applied.version.number,
        warnings=[str(warning) for warning in applied.version.warnings],
        links=links.of_resource(kind, row.public_id) if exists else None,
    )
    if created and not how.dry_run:
        response["Location"] = f"{links.BASE}/{kind}s/{row.public_id}"
        return Status(201, answer)
    return Status(200, answer)


def page(rows: QuerySet[Any, Any], filters: Filters, name: str) -> dict[str, Any]:
    if filters.text:
        rows = rows.filter(Q(name__icontains=filters.text) | Q(slug__icontains=filters.text))
    if filters.owner is not None:
        rows = rows.filter(owner__username=filters.owner)
    rows = rows.select_related("owner", "head_version", "spec_updated_by", "group")
    rows = rows.defer("head_version__source", "head_version__document")
    return Listing(name, filters.limit, filters.cursor).page(rows, render.item)


def sent_fields(body: BodyShape) -> dict[str, Any]:
    """The fields that were sent; null counts as not sent where a field cannot be null."""
    return {
        name: value
        for name, value in body.model_dump(exclude_unset=True).items()
        if value is not None
    }


def add_versions(router: Router, kind: str) -> None:
    find = FINDERS[kind]

    @router.get(
        "/{ref}/versions",
        auth=READ,
        response=Page[shapes.Version],
        operation_id=f"list-{kind}-versions",
        summary=f"List the versions of {'an' if kind == 'agent' else 'a'} {kind}",
    )
    def versions(
        request: HttpRequest, ref: str, paging: Annotated[Paging, Query()]
    ) -> dict[str, Any]:
        """Newest first; texts are left out."""
        parent = find(person(request), ref)
        rows = parent.versions.select_related("created_by").defer("source", "document")
        listing = Listing(f"versions.{parent.pk}", paging.limit, paging.cursor)
        return listing.page(rows, lambda row: render.version(parent, row, brief=True))

    @router.get(
        "/{ref}/versions/{int:number}",
        auth=READ,
        response=shapes.Version,
        operation_id=f"read-{kind}-version",
        summary="Read one version",
    )
    def version(request: HttpRequest, ref: str, number: int) -> shapes.Version:
        """With its text and its document."""
        parent = find(person(request), ref)
        row = (
            parent.versions.select_related("created_by").filter(number=number).first()
            if number < 2**31
            else None
        )
        if row is None:
            raise not_found(f"{parent.slug} has no version {number}.")
        return render.version(parent, row)


def add_instances(router: Router, kind: str) -> None:
    find = FINDERS[kind]

    @router.get(
        "/{ref}/instances",
        auth=READ,
        response=Page[shapes.Instance],
        operation_id=f"list-{kind}-instances",
        summary="List its instances",
    )
    def instances(
        request: HttpRequest, ref: str, paging: Annotated[Paging, Query()]
    ) -> dict[str, Any]:
        """Newest first."""
        parent = find(person(request), ref)
        listing = Listing(f"instances.{parent.pk}", paging.limit, paging.cursor)
        return listing.page(parent.instances.select_related(kind), render.instance)

    @router.post(
        "/{ref}/instances",
        auth=ACT,
        response={201: shapes.Instance},
        operation_id=f"create-{kind}-instance",
        summary="Make an instance",
    )
    def create(
        request: HttpRequest, response: HttpResponse, ref: str, body: shapes.InstanceBody
    ) -> Status[shapes.Instance]:
        """With its own default input. Its slug is made of its name; 409 where it is taken."""
        instance = standing.add_instance(
            find(person(request), ref),
            person(request),
            name=body.name,
            description=body.description,
            default_input={} if body.default_input is None else body.default_input,
        )
        response["Location"] = f"{links.BASE}/{kind}-instances/{instance.public_id}"
        return Status(201, render.instance(instance))
