"""The refusals of every door before it looks at what is asked, each in its own format."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from dashboard.views.failure import refused
from executions import audit, policy
from executions.accounts.addresses import name_of
from executions.accounts.backend import WAIT_SECONDS
from executions.api import rates
from executions.api.credentials import SAFE_METHODS
from executions.api.problems import Problem
from executions.audit.refusals import of_one_request
from executions.clients.bodies import BUSY, SCOPE_KEY, TOO_LARGE
from executions.errors import Refused
from executions.ids import parse_public_id
from executions.models import Execution

RETRY_AFTER_SECONDS = 5
# Statuses that pass by themselves.
PASSES = frozenset({429, 503})
# The statuses for a person who may not do or may not even see what was asked for.
NOT_FOR_THEM = frozenset({403, 404})
_ID = re.compile(r"[a-z]{3}-[0-9a-z]{26}")
PLAIN_HTTP = "This server is reached by https alone; this came by plain http."
USE_HTTPS = (
    "Use the address with https. If a token was sent, revoke it: everybody on the way could"
    " read it."
)
Answer = Callable[[HttpRequest], HttpResponseBase]
log = structlog.get_logger(__name__)


def again(get_response: Answer) -> Answer:
    """Middleware: whoever is told that something cannot be done now is told when to try again, at
    every door. An answer that knows better says so itself.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if response.status_code in PASSES:
            response.headers.setdefault("Retry-After", str(RETRY_AFTER_SECONDS))
        return response

    return middleware


def https(get_response: Answer) -> Answer:
    """Middleware: where https is on, what carries a token is refused by plain http.

    A redirect would let a client go on for ever that shows its token to everybody on the way.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if settings.SECURE_SSL_REDIRECT and not request.is_secure() and _is_for_programs(request):
            return refused(request, Problem("forbidden", PLAIN_HTTP, remedy=USE_HTTPS))
        return get_response(request)

    return middleware


def _is_for_programs(request: HttpRequest) -> bool:
    is_for_programs = request.path.startswith(("/api/", "/hooks/"))
    return is_for_programs or "Authorization" in request.headers


def bodies(get_response: Answer) -> Answer:
    """Middleware: a body that was too large to be read is answered with 413, whatever was asked."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        problem = _of_body(request)
        return get_response(request) if problem is None else refused(request, problem)

    return middleware


def _of_body(request: HttpRequest) -> Problem | None:
    why = getattr(request, "scope", {}).get(SCOPE_KEY)
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    length = request.META.get("CONTENT_LENGTH") or "0"
    if why == BUSY:
        text = "Too many large requests arrive at this moment."
        return Problem("unavailable", text, remedy="Try again in a moment.")
    if why == TOO_LARGE or (str(length).isdigit() and int(length) > limit):
        return Problem("too-large", f"The body may have {limit:,} bytes.")
    return None


def posts(get_response: Answer) -> Answer:
    """Middleware: whatever a page changes is counted as requests of the API are, in the same
    bucket.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.method not in SAFE_METHODS and not request.path.startswith("/api/"):
            try:
                rates.take(rates.caller_of(request))
            except Problem as problem:
                return refused(request, problem)
        return get_response(request)

    return middleware


def tries(get_response: Answer) -> Answer:
    """Middleware: a form in which somebody tried to log in too often is answered with 429."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        wait = getattr(request, WAIT_SECONDS, 0)
        if wait and response.status_code < 400:
            response.status_code = 429
            response.headers["Retry-After"] = str(wait)
        return response

    return middleware


def viewers(get_response: Answer) -> Answer:
    """Middleware: a viewer looks. A change is refused, unless it is about the viewer's own
    account. The API asks the same where it learns who calls.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.method not in SAFE_METHODS and not request.path.startswith("/api/"):
            try:
                policy.check_may_change_things(request.user)
            except Refused as why:
                if not _is_about_own_account(request):
                    return refused(request, Problem("forbidden", why.message, remedy=why.remedy))
        return get_response(request)

    return middleware


def _is_about_own_account(request: HttpRequest) -> bool:
    name = name_of(request)
    return name in policy.OWN_ACCOUNT or name.startswith(policy.OWN_ACCOUNT_PREFIXES)


def refusals(get_response: Answer) -> Answer:
    """Middleware: whoever is logged in and asks for a change that is not for them is kept in the
    audit trail, at every door.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.method in SAFE_METHODS:
            return get_response(request)
        with of_one_request() as kept_refusals:
            response = get_response(request)
            user = request.user
            is_refused = response.status_code in NOT_FOR_THEM and isinstance(user, User)
            if is_refused and user.is_authenticated and not kept_refusals:
                _keep_refusal(request, user, response.status_code)
        return response

    return middleware


def _keep_refusal(request: HttpRequest, user: User, status: int) -> None:
    match = _ID.search(request.path)
    subject = match.group() if match else request.path
    key = parse_public_id(subject, "wex", "aex")
    execution = _execution(key)
    after = {"status": status, "door": request.path[:300], "method": request.method}
    if execution is not None and not policy.can(user, "view", execution):
        after["code"] = "not_found"
    try:
        audit.refuse(_asked_for(request), user, execution=execution, subject=subject, after=after)
    except audit.KeyUnreadable as problem:
        log.error("a refusal could not be audited", problem=str(problem))


def _execution(key: uuid.UUID | None) -> Execution | None:
    return None if key is None else Execution.objects.filter(pk=key).first()


def _asked_for(request: HttpRequest) -> str:
    """The aim of a request, in a word: the verb, or the last part of the address that is no id."""
    match = request.resolver_match
    if match is not None and "verb" in match.kwargs:
        return str(match.kwargs["verb"]).replace("-", " ")[:40]
    parts = [part for part in request.path.split("/") if part and not _ID.fullmatch(part)]
    last = parts[-1] if parts else "/"
    word = last if request.path.rstrip("/").endswith(f"/{last}") else str(request.method).lower()
    return word.replace("-", " ")[:40]
