"""The rules of every address of the API, around the views of django-ninja: HTTP's own, and no
answer that is not a problem where something goes wrong.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, cast

import structlog
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import Error as DatabasesError
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.http.response import HttpResponseBase
from django.urls import is_valid_path, resolve
from ninja.operation import Operation, PathView

from executions.api import problems
from executions.api.problems import FieldError, Problem
from executions.api.refusals import not_found, problem_of

JSON = "application/json"
HEAD = "stigmer.head"
View = Callable[..., Any]
log = structlog.get_logger(__name__)


def door(view: View, path_view: PathView) -> View:
    """The view with the house's manners."""
    allowed = sorted({method for operation in path_view.operations for method in operation.methods})

    def before(request: HttpRequest) -> HttpResponse | None:
        if request.method == "HEAD" and "GET" in allowed:
            request.method, request.META[HEAD] = "GET", True
        operation = next(
            (each for each in path_view.operations if request.method in each.methods), None
        )
        if operation is None:
            return problems.response(request, _not_allowed(request, allowed))
        try:
            _check_body(request, operation)
            _check_query(request, operation)
        except (Problem, RequestDataTooBig, UnreadablePostError) as error:
            return problems.response(request, _unreadable(error))
        return None

    def failed(request: HttpRequest, error: Exception) -> HttpResponse:
        return answer_to(request, error)

    if iscoroutinefunction(view):

        @wraps(view)
        async def guarded_async(
            request: HttpRequest, *args: Any, **kwargs: Any
        ) -> HttpResponseBase:
            refusal = before(request)
            try:
                response = refusal or await cast(
                    Awaitable[HttpResponseBase], view(request, *args, **kwargs)
                )
            except Exception as error:
                response = failed(request, error)
            return _finished(response, request)

        guarded: View = guarded_async
    else:

        @wraps(view)
        def guarded_sync(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            refusal = before(request)
            try:
                response = refusal or view(request, *args, **kwargs)
            except Exception as error:
                response = failed(request, error)
            return _finished(response, request)

        guarded = guarded_sync
    # credentials.py checks the token of forms where a session is used.
    guarded.csrf_exempt = True  # type: ignore[attr-defined]
    return guarded


def answer_to(request: HttpRequest, error: Exception) -> HttpResponse:
    """The problem that this error is to the caller; one that nobody expected is logged and told
    without its words.
    """
    problem = problem_of(error)
    if problem is None:
        log.exception("request failed", path=request.path, method=request.method, exc_info=error)
        problem = Problem(
            "internal",
            "The server met an error that it did not expect. Nothing is known to be changed.",
        )
    elif isinstance(error, DatabasesError):
        log.warning(
            "the database is in trouble",
            path=request.path,
            method=request.method,
            problem=str(error).strip(),
        )
    return problems.response(request, problem)


def unknown_address(request: HttpRequest, rest: str = "") -> HttpResponseBase:
    """The catch-all under /api/."""
    remedy = "The addresses are in /api/v1/openapi.json."
    if _is_known(address := request.path.rstrip("/")):
        remedy = f"Addresses do not end with a slash: {address}."
    return _finished(
        problems.response(request, not_found(f"There is no address {request.path}.", remedy)),
        request,
    )


def _is_known(path: str) -> bool:
    return bool(is_valid_path(path)) and resolve(path).func is not unknown_address


unknown_address.csrf_exempt = True  # type: ignore[attr-defined]


def _not_allowed(request: HttpRequest, allowed: list[str]) -> Problem:
    methods = ", ".join([*allowed, "HEAD"] if "GET" in allowed else allowed)
    return Problem(
        "method-not-allowed",
        f"{request.method} is not possible here; {methods} are.",
        headers={"Allow": methods},
    )


def _check_body(request: HttpRequest, operation: Operation) -> None:
    """Too large, of another type, or not there though it is needed.

    Reads the body, so that nothing later fails.
    """
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isdigit() and int(length) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        raise RequestDataTooBig
    takes = content_types(operation)
    if not takes and request.body.strip() not in (b"", b"{}"):
        raise Problem(
            "invalid",
            "This operation takes no body.",
            errors=[FieldError("Send none.", pointer="#")],
        )
    is_other = "*/*" not in takes and (request.content_type or "").lower() not in takes
    if takes and request.body and is_other:
        raise Problem(
            "unsupported-media-type",
            f"A body of the type {request.content_type or 'unknown'} is not understood here;"
            f" {', '.join(takes)} is.",
            headers={"Accept": ", ".join(takes)},
        )


def content_types(operation: Operation) -> tuple[str, ...]:
    """The types that this operation takes as a body; none where it takes no body."""
    named = getattr(operation.view_func, "content_types", None)
    if named:
        return tuple(named)
    return (
        (JSON,) if any(model.__ninja_param_source__ == "body" for model in operation.models) else ()
    )


def _check_query(request: HttpRequest, operation: Operation) -> None:
    parameters = {
        name
        for model in operation.models
        if model.__ninja_param_source__ == "query"
        for name in getattr(model, "__ninja_flatten_map__", {})
    }
    unknown = [name for name in request.GET if name not in parameters]
    if unknown:
        allowed = ", ".join(sorted(parameters)) or "none"
        errors = [
            FieldError("This parameter is not known.", parameter=name[:100])
            for name in unknown[:20]
        ]
        raise Problem(
            "invalid", f"Unknown query parameters; those of this address: {allowed}.", errors=errors
        )
    repeated = [
        name
        for name in request.GET
        if len(request.GET.getlist(name)) > 1 and name not in REPEATABLE
    ]
    if repeated:
        errors = [
            FieldError("This parameter may be given once.", parameter=name) for name in repeated
        ]
        raise Problem("invalid", "A query parameter was given more than once.", errors=errors)


REPEATABLE = frozenset({"phase"})


def _unreadable(error: Exception) -> Problem:
    if isinstance(error, Problem):
        return error
    if isinstance(error, RequestDataTooBig):
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        return Problem("too-large", f"The body may have {limit:,} bytes.")
    return Problem("malformed", "The body broke off before its end.")


def _finished(response: HttpResponseBase, request: HttpRequest) -> HttpResponseBase:
    """Nothing of this is for caches; the answer to a HEAD is that of a GET without its body."""
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    if not request.META.pop(HEAD, False):
        return response
    request.method = "HEAD"
    headers = dict(response.items())
    if isinstance(response, HttpResponse):
        headers["Content-Length"] = str(len(response.content))
    response.close()
    return HttpResponse(status=response.status_code, headers=headers)
