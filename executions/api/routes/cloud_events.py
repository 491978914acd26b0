"""Events that come in (CloudEvents 1.0), and signals to one run."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import BaseModel, Field

from executions import policy
from executions.api import finding
from executions.api.credentials import ACT, READ, RUN, person
from executions.api.cursors import USUAL, Cursor, Limit, Listing, Page
from executions.api.envelopes import ANY, BATCH, JSON, STRUCTURED, envelopes_of, is_binary
from executions.api.problems import Problem
from executions.api.refusals import not_found
from executions.api.render import cloud_events as render
from executions.api.schemas import cloud_events as shapes
from executions.ids import parse_public_id
from executions.inbound import keeping, signals
from executions.models.transactions import run_tx

router = Router(tags=["Events"])
TYPES = (STRUCTURED, BATCH, JSON, ANY)
_EXAMPLE = {"type": "object", "description": "An event, or an array of events."}


class Filters(BaseModel):
    """The filters of a list of events."""

    limit: Limit = USUAL
    cursor: Cursor = None
    type: str | None = Field(None, max_length=255, description="Events of this type.")


def post(request: HttpRequest) -> shapes.EventsKept:
    """Keep them and answer; a worker finds who listens.

    Structured (one event, or an array of them) or binary (`ce-` headers). An event of a source and
    id that are known is the same event, for seven days.
    """
    if not is_binary(request) and request.content_type not in (STRUCTURED, BATCH, JSON):
        raise Problem(
            "unsupported-media-type",
            f"An event is sent as {STRUCTURED}, {BATCH} or {JSON}, or with `ce-` headers.",
        )
    envelopes = envelopes_of(request)
    keeping.check(envelopes)
    owner_id = person(request).pk
    return render.kept(run_tx(lambda: keeping.keep(envelopes, owner_id)))


post.content_types = TYPES  # type: ignore[attr-defined]
router.post(
    "",
    auth=RUN,
    response={202: shapes.EventsKept},
    operation_id="send-events",
    summary="Send events to those who listen",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {name: {"schema": _EXAMPLE} for name in (JSON, STRUCTURED, BATCH)},
        }
    },
)(post)


@router.get(
    "",
    auth=READ,
    response=Page[shapes.IncomingEvent],
    operation_id="list-events",
    summary="List events that came in",
)
def listed(request: HttpRequest, filters: Annotated[Filters, Query()]) -> dict[str, Any]:
    """The events that the caller's runs may hear, newest first; one that nobody took is kept for a
    day.
    """
    rows = policy.visible_events(person(request)).counting_who_heard()
    rows = rows.filter(type=filters.type) if filters.type is not None else rows
    return Listing("events", filters.limit, filters.cursor).page(rows, render.event)


@router.get(
    "/{event_id}",
    auth=READ,
    response=shapes.IncomingEvent,
    operation_id="read-event",
    summary="Read an event that came in",
)
def read(request: HttpRequest, event_id: str) -> shapes.IncomingEvent:
    """With how many steps took it."""
    key = parse_public_id(event_id, "evt")
    rows = policy.visible_events(person(request)).counting_who_heard()
    event = rows.filter(pk=key).first() if key else None
    if event is None:
        raise not_found(f"There is no event {finding.shown(event_id)}.")
    return render.event(event)


def add_signals(router: Router, kind: str) -> None:
    """POST /{execution_id}/signals."""

    def send(request: HttpRequest, execution_id: str, body: shapes.SignalBody) -> shapes.KeptEvent:
        """Only this run hears it: `listen` to the type `io.stigmer.signal` and the subject `name`.

        With an Idempotency-Key it may be sent again: the run hears it once.
        """
        execution = finding.execution(person(request), execution_id, kind)
        key = request.headers.get("Idempotency-Key")
        kept_event = signals.send(execution, person(request), body.name, body.payload, key=key)
        return render.kept([kept_event]).events[0]

    router.post(
        "/{execution_id}/signals",
        auth=ACT,
        response={202: shapes.KeptEvent},
        operation_id=f"signal-{kind}-execution",
        summary="Send a signal to it",
        openapi_extra={"x-idempotency-key": True},
    )(send)
