"""The routes that workflows and agents have in common: applied, listed, read, changed, deleted and
run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Status

from executions.api.credentials import ACT, READ, RUN, person
from executions.api.cursors import Page
from executions.api.render import resources as render
from executions.api.routes import empty, resources
from executions.api.schemas import executions as run_shapes
from executions.api.schemas import resources as shapes
from executions.intake import standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """The parts that are particular to one kind of definition. ``deleting`` says what deleting
    takes.
    """

    kind: str
    visible: Callable[[User], QuerySet[Any]]
    apply: Callable[..., Any]
    delete: Callable[[Any, User], None] = standing.delete
    deleting: str = "With whatever belongs to it; 409 while executions of it exist."

    @property
    def one(self) -> str:
        return f"an {self.kind}" if self.kind == "agent" else f"a {self.kind}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Definitions(Texts):
    """``running`` describes the address that starts a run."""

    run: Callable[..., dict[str, Any]]
    running: str


def add_definitions(router: Router, of: Definitions) -> None:
    """Everything under /workflows or /agents that both have."""
    add_applying(router, of)
    add_standing(router, of)
    _add_running(router, of)
    resources.add_versions(router, of.kind)
    resources.add_instances(router, of.kind)


def add_applying(
    router: Router, of: Texts, body: dict[str, Any] = resources.DEFINITION_BODY
) -> None:
    """The address to which a text is sent."""

    @router.post(
        "",
        auth=ACT,
        response={200: shapes.Applied, 201: shapes.Applied},
        operation_id=f"apply-{of.kind}",
        summary=f"Apply {of.one} definition",
        openapi_extra=body,
    )
    @resources.takes_definition
    def apply(
        request: HttpRequest, response: HttpResponse, how: Annotated[resources.How, Query()]
    ) -> Any:
        """The body is the definition, as YAML or JSON.

        The same text changes nothing; another makes a new version.
        """

        def applied() -> Any:
            return of.apply(
                resources.definition_of(request),
                person(request),
                visibility=how.visibility,
                message=how.message,
            )

        return resources.answer_applied(response, of.kind, applied, how)


def add_standing(router: Router, of: Texts) -> None:
    """Listed, read, changed and deleted."""
    find = resources.FINDERS[of.kind]

    @router.get(
        "",
        auth=READ,
        response=Page[shapes.Resource],
        operation_id=f"list-{of.kind}s",
        summary=f"List {of.kind}s",
    )
    def listed(
        request: HttpRequest, filters: Annotated[resources.Filters, Query()]
    ) -> dict[str, Any]:
        """Those that the caller may see, newest first; documents are left out."""
        return resources.page(of.visible(person(request)), filters, f"{of.kind}s")

    @router.get(
        "/{ref}",
        auth=READ,
        response=shapes.Resource,
        operation_id=f"read-{of.kind}",
        summary=f"Read {of.one}",
    )
    def read(request: HttpRequest, ref: str) -> shapes.Resource:
        """By id or slug, with the document of its newest version."""
        return render.resource(find(person(request), ref))

    @router.patch(
        "/{ref}",
        auth=ACT,
        response=shapes.Resource,
        operation_id=f"change-{of.kind}",
        summary=f"Change {of.one}",
    )
    def change(request: HttpRequest, ref: str, body: shapes.ChangeBody) -> shapes.Resource:
        """Its name, description, visibility, labels and annotations, and the group that owns it;
        fields that are left out stay.
        """
        resource = find(person(request), ref)
        standing.change(resource, person(request), resources.sent_fields(body))
        return render.resource(resource)

    @router.delete(
        "/{ref}",
        auth=ACT,
        response={204: None},
        operation_id=f"delete-{of.kind}",
        summary=f"Delete {of.one}",
        description=of.deleting,
    )
    def delete(request: HttpRequest, ref: str) -> Status[None]:
        of.delete(find(person(request), ref), person(request))
        return Status(204, None)


def _add_running(router: Router, of: Definitions) -> None:
    @router.post(
        "/{ref}/run",
        auth=RUN,
        response={202: run_shapes.Accepted},
        operation_id=f"run-{of.kind}",
        summary=f"Run {of.one}",
        description=of.running,
        openapi_extra={"x-idempotency-key": True},
    )
    def run(
        request: HttpRequest, response: HttpResponse, ref: str, body: run_shapes.RunBody = empty.RUN
    ) -> Status[dict[str, Any]]:
        resource = resources.FINDERS[of.kind](person(request), ref)
        return Status(202, of.run(request, response, person(request), resource, body))
