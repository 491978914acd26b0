"""Addresses of the API, of its document, and of the pages that explain its problems."""

from __future__ import annotations

from django.urls import path, re_path

from executions.api import hooks, pages
from executions.api.build import api
from executions.api.door import unknown_address

urlpatterns = [
    path("api/v1/openapi.json", pages.openapi, name="openapi"),
    *[path(f"api/v1/{pattern.pattern}", pattern.callback) for pattern in api.addresses()],
    # Any other address below /api, one with a line break too: the answer is a problem, not a page.
    re_path(r"^api(?:/(?P<rest>(?s:.*)))?\Z", unknown_address),
    path("hooks/<str:source_id>", hooks.receive, name="hooks"),
    path("schema/workflow.json", pages.workflow_schema, name="workflow-schema"),
    path("problems/", pages.problems, name="problems"),
    path("problems/<slug:name>", pages.problem, name="problem"),
]
