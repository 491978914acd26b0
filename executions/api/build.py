"""The API put together: addresses, parser, problems, the document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.urls import path as address
from ninja import NinjaAPI, Router
from ninja.operation import Operation, PathView
from ninja.utils import normalize_path, replace_path_param_notation

from executions.api import document
from executions.api.door import answer_to, door
from executions.api.reading import JsonParser
from executions.api.routes import (
    admin,
    agents,
    approvals,
    audit,
    bulk,
    channels,
    cloud_events,
    event_sources,
    events,
    executions,
    exports,
    groups,
    instances,
    journal,
    people,
    previews,
    proposals,
    replays,
    saying,
    schedules,
    sinks,
    skills,
    stacks,
    status,
    stored_values,
    verbs,
    workers,
    workflows,
    workspaces,
)


class Api(NinjaAPI):
    """ninja with the manners of ``door`` around each view, and every error a problem."""

    def on_exception(self, request: HttpRequest, exc: Any) -> HttpResponse:
        return answer_to(request, exc)

    def addresses(self) -> list[URLPattern]:
        """The addresses that Django mounts."""
        return [
            address(route, door(path_view.get_view(), path_view))
            for route, path_view in self.path_views()
        ]

    def operations(self) -> Iterator[tuple[str, Operation]]:
        """Every operation with its route."""
        for route, path_view in self.path_views():
            for operation in path_view.operations:
                yield route, operation

    def path_views(self) -> Iterator[tuple[str, PathView]]:
        for bound in self._get_bound_routers():
            for path, path_view in bound.path_operations.items():
                route = "/".join(part for part in (bound.prefix, path) if part)
                yield normalize_path(replace_path_param_notation(route)).strip("/"), path_view


def build() -> Api:
    """All routers under their prefixes."""
    api = Api(title="Stigmer", version="1", docs_url=None, openapi_url=None, parser=JsonParser())
    by_kind: dict[str, Router] = {
        "workflow": executions.workflow_executions(),
        "agent": executions.agent_executions(),
    }
    for kind, router in by_kind.items():
        verbs.add_verbs(router, kind)
        previews.add_previews(router, kind)
        journal.add_history(router, kind)
        events.add_events(router, kind)
        exports.add_export(router, kind)
        stacks.add_stack(router, kind)
        workspaces.add_workspace(router, kind)
        status.add_status(router, kind)
        if kind == "workflow":
            cloud_events.add_signals(router, kind)
        else:
            stored_values.add_stored_values(router)
            replays.add_replay(router)
            saying.add_saying(router)
        api.add_router(f"/{kind}-executions", router)
        api.add_router(f"/{kind}-instances", instances.routes(kind))
    api.add_router("/workflows", workflows.router)
    api.add_router("/agents", agents.router)
    api.add_router("/skills", skills.router)
    api.add_router("/sessions", agents.sessions)
    api.add_router("/notifications", people.notifications)
    api.add_router("/approvals", approvals.router)
    api.add_router("/groups", groups.router)
    api.add_router("/proposals", proposals.router)
    api.add_router("/workers", workers.router)
    api.add_router("/events", cloud_events.router)
    api.add_router("/event-sources", event_sources.router)
    api.add_router("/attention", bulk.attention)
    api.add_router("/schedules", schedules.router)
    api.add_router("/bulk-runs", bulk.router)
    api.add_router("/workspaces", workspaces.router)
    api.add_router("/sinks", sinks.router)
    api.add_router("/channels", channels.router)
    api.add_router("/tokens", people.api_tokens)
    api.add_router("/me", people.me)
    api.add_router("/admin", admin.router)
    api.add_router("/audit", audit.router)
    return api


api = build()
described = document.described
