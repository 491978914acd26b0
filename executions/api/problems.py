"""Problem details (RFC 9457): every kind of problem that the API answers with, and how one is
written.

``type`` is stable: ``/problems/<name>``, where a page explains it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse

from executions.said import Said

CONTENT_TYPE = "application/problem+json"
BASE = "/problems/"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem: its stable name, its HTTP status, what it means and what to do."""

    name: str
    status: int
    title: str
    meaning: str
    remedy: str

    @property
    def uri(self) -> str:
        return BASE + self.name


_KINDS = (
    Kind(
        "malformed",
        400,
        "The request cannot be read",
        "The body is not the JSON that its content type says, or a header does not have its form.",
        "Correct the syntax; `detail` says where reading stopped.",
    ),
    Kind(
        "invalid-argument",
        400,
        "An argument is missing or contradicts another",
        "The request can be read, but does not say what to work on, or says it twice.",
        "Give exactly the arguments that `detail` names.",
    ),
    Kind(
        "wrong-phase",
        400,
        "The execution is in another phase",
        "The verb exists, but not for an execution in this phase. `state` is the phase that it is"
        " in now.",
        "Read the execution again and choose a verb that its phase allows.",
    ),
    Kind(
        "not-skippable",
        400,
        "The failed step is required",
        "Only a task whose definition says `optional: true` may be skipped.",
        "Retry or recover the execution, or apply a definition in which the task is optional.",
    ),
    Kind(
        "unauthenticated",
        401,
        "Nobody is signed in",
        "The request carries no token and no session, or one that is unknown, expired or revoked.",
        "Send `Authorization: Bearer <token>`; make a token with `stigmer token create` or in the"
        " control room.",
    ),
    Kind(
        "forbidden",
        403,
        "You may see this, but not do that",
        "Your role towards this resource, or the scopes of your token, do not allow the operation.",
        "Ask its owner or an administrator, or use a token with the scope that `detail` names.",
    ),
    Kind(
        "csrf",
        403,
        "The form's protection token is missing",
        "A request with a session cookie has to carry the CSRF token, so that other sites cannot"
        " act in your name.",
        "Send the header X-CSRFToken, or use an API token instead of the session.",
    ),
    Kind(
        "not-found",
        404,
        "There is nothing here",
        "The address or the id is unknown, or belongs to something that you may not see.",
        "Check the address and the id; lists show what you may see.",
    ),
    Kind(
        "method-not-allowed",
        405,
        "The address does not know this method",
        "The header Allow lists the methods of this address.",
        "Use one of the methods in Allow.",
    ),
    Kind(
        "conflict",
        409,
        "This conflicts with what is there",
        "Something of that name exists, is in use, or is not in a state in which this can be done.",
        "`detail` names what is in the way; `existing_id`, where given, is the one that exists.",
    ),
    Kind(
        "in-flight",
        409,
        "The first request with this key is still running",
        "An Idempotency-Key was sent a second time before the first request was answered.",
        "Wait a moment and send the same request again.",
    ),
    Kind(
        "stale",
        412,
        "It has changed since you looked",
        "If-Match names an older sequence than the execution has now. Nothing was done.",
        "Read the execution again, look at what changed, and decide anew.",
    ),
    Kind(
        "too-large",
        413,
        "The request is too large",
        "The body is larger than the server reads.",
        "Send less; the limit is in `detail`.",
    ),
    Kind(
        "unsupported-media-type",
        415,
        "The content type is not understood",
        "This operation does not take a body of that content type.",
        "Send `Content-Type: application/json` (a definition may also be application/yaml).",
    ),
    Kind(
        "invalid",
        422,
        "Some of the values are not acceptable",
        "The request can be read, but what it says breaks a rule. `errors` lists every finding with"
        " its place.",
        "Correct what `errors` lists and send it again.",
    ),
    Kind(
        "invalid-definition",
        422,
        "The definition has problems",
        "The text was read, but is not a workflow or an agent that can run. `errors` lists every"
        " problem with its line and JSON pointer.",
        "Correct each problem; nothing was stored.",
    ),
    Kind(
        "key-reused",
        422,
        "The Idempotency-Key belongs to another request",
        "The same key was used before with another body or for another operation.",
        "Use a new key for a new request.",
    ),
    Kind(
        "rate-limited",
        429,
        "Too many requests",
        "More requests came in a short time than one caller may send.",
        "Wait as long as Retry-After says.",
    ),
    Kind(
        "recovery-failed",
        500,
        "The recovery failed",
        "The checkpoints could not be verified. The execution stays FAILED and is marked for a"
        " person.",
        "Support can restore an earlier checkpoint.",
    ),
    Kind(
        "internal",
        500,
        "Something went wrong on our side",
        "The server met an error that it did not expect. It is in the log, with the"
        " correlation id.",
        "Try again later; give the correlation id to whoever runs this server.",
    ),
    Kind(
        "unavailable",
        503,
        Said("This cannot be done now"),
        "The queue is switched off, Redis cannot be reached, no worker is alive, or the database is"
        " busy, full or away.",
        Said(
            "`detail` says what is missing; `stigmer doctor` checks everything. Retry-After says"
            " when to try again."
        ),
    ),
)
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _KINDS}


@dataclass(frozen=True, slots=True)
class FieldError:
    """One finding.

    ``pointer`` is a JSON pointer into the body (RFC 6901 as a URI fragment), else ``parameter``
    names a query parameter, header or path part; ``line`` and ``column`` are those of a
    definition's text.
    """

    detail: str
    pointer: str | None = None
    parameter: str | None = None
    line: int | None = None
    column: int | None = None
    expected: str | None = None
    suggestion: str | None = None

    def as_json(self) -> dict[str, Any]:
        fields = {name: getattr(self, name) for name in self.__slots__}
        return {name: value for name, value in fields.items() if value is not None}


@dataclass(slots=True)
class Problem(Exception):
    """Raised anywhere behind the door to answer with a problem.

    ``headers`` are added to the answer.
    """

    name: str
    detail: str
    remedy: str = ""
    state: str = ""
    errors: Sequence[FieldError] = ()
    extra: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.name}: {self.detail}"

    def as_json(self, instance: str, correlation_id: str) -> dict[str, Any]:
        kind = KINDS[self.name]
        body: dict[str, Any] = {
            "type": kind.uri,
            "title": kind.title,
            "status": kind.status,
            "detail": self.detail,
            "instance": instance,
            "correlation_id": correlation_id,
            "remedy": self.remedy or kind.remedy,
        }
        if self.state:
            body["state"] = self.state
        if self.errors:
            body["errors"] = [error.as_json() for error in self.errors]
        return body | self.extra


def correlation_id() -> str:
    """The id that this request carries in log, answer, execution and job."""
    return str(structlog.contextvars.get_contextvars().get("correlation_id", ""))


def response(request: HttpRequest, problem: Problem) -> HttpResponse:
    """The problem as an answer."""
    body = problem.as_json(request.path, correlation_id())
    answer = HttpResponse(
        json.dumps(body), status=KINDS[problem.name].status, content_type=CONTENT_TYPE
    )
    for name, value in problem.headers.items():
        answer[name] = value
    return answer
