"""The document of the API, the schema of workflow files, and what the types of problems mean: for
everybody.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from executions.api.build import api
from executions.api.document import described
from executions.api.problems import KINDS
from executions.language import json_schema


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    return described(api)


@require_safe
def openapi(request: HttpRequest) -> JsonResponse:
    """OpenAPI 3.1, for generators of clients and for people."""
    return JsonResponse(document())


@require_safe
def workflow_schema(request: HttpRequest) -> JsonResponse:
    """The JSON Schema of workflow files, for editors."""
    return JsonResponse(json_schema(), content_type="application/schema+json")


@require_safe
def problems(request: HttpRequest) -> HttpResponse:
    """Every kind of problem."""
    return render(request, "api/problems.html", {"kinds": KINDS.values()})


@require_safe
def problem(request: HttpRequest, name: str) -> HttpResponse:
    """One kind of problem: what it means and what to do."""
    kind = KINDS.get(name)
    if kind is None:
        raise Http404
    return render(request, "api/problem.html", {"kind": kind})
