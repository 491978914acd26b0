"""Events as they stand in a request: structured, in a batch, or binary.

Source: CloudEvents 1.0.2, HTTP protocol binding.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from executions.api.problems import FieldError, Problem
from executions.api.reading import parse_json
from executions.correlation import envelope
from executions.correlation.envelope import Envelope, NoEvent
from executions.pointers import pointer_of

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
JSON = "application/json"
ANY = "*/*"
_MARK = "ce-specversion"


def is_binary(request: HttpRequest) -> bool:
    """Whether the attributes of the event are headers."""
    return _MARK in request.headers


def envelopes_of(request: HttpRequest) -> list[Envelope]:
    """The events of the request. Raises Problem."""
    if is_binary(request):
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            content_type = request.headers.get("Content-Type", "")
            event = envelope.from_binary(headers, content_type, request.body, parse_json)
        except (NoEvent, UnicodeDecodeError) as problem:
            raise _no_event(problem, ()) from problem
        return [event]
    value = parse_json(request.body)
    if request.content_type == BATCH and not isinstance(value, list):
        raise _no_event(NoEvent("", "a batch is a JSON array of events"), ())
    if not isinstance(value, list):
        return [_checked(value, ())]
    if request.content_type == STRUCTURED:
        raise _no_event(NoEvent("", f"an event is a JSON object; send {BATCH} for several"), ())
    return [_checked(each, (index,)) for index, each in enumerate(value)]


def _checked(value: Any, place: tuple[object, ...]) -> Envelope:
    try:
        return envelope.checked(value)
    except NoEvent as problem:
        raise _no_event(problem, place) from problem


def _no_event(problem: Exception, place: tuple[object, ...]) -> Problem:
    key = getattr(problem, "key", "")
    pointer = "#" + pointer_of((*place, key) if key else place)
    return Problem(
        "invalid",
        f"The body is no event of CloudEvents 1.0: {problem}.",
        errors=[FieldError(str(problem), pointer=pointer)],
    )
