"""The history of an execution in one order: as a list, or as a stream while it goes on."""

from __future__ import annotations

from typing import Annotated

from asgiref.sync import sync_to_async
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from ninja import Query, Router
from pydantic import BaseModel, Field

from executions.api import finding, history
from executions.api.credentials import READ, person
from executions.api.cursors import USUAL, Limit
from executions.api.live import sse
from executions.api.live.follower import Follower, door
from executions.api.problems import Problem
from executions.api.schemas.journal import Delta, Followed, FollowingClosed, History

MOST_STREAMS = 20
# OpenAPI 3.1 has no word for the parts of a stream: this is what the `data` of each event holds.
STREAM_SCHEMA = {
    "oneOf": [
        {"$ref": f"#/components/schemas/{shape.__name__}"}
        for shape in (Followed, Delta, FollowingClosed)
    ]
}
STREAM = {
    "parameters": [
        {
            "in": "header",
            "name": "Last-Event-ID",
            "required": False,
            "schema": {"type": "string", "pattern": "^[0-9]{1,18}$"},
            "description": (
                "Of a stream: the sequence of the last event seen; it goes on from there."
            ),
        }
    ],
    "responses": {200: {"content": {"text/event-stream": {"schema": STREAM_SCHEMA}}}},
}


class Range(BaseModel):
    """Which part of the history."""

    after: int = Field(0, ge=0, le=2**53, description="Only entries with a greater sequence.")
    limit: Limit = USUAL


def session_key_of(request: HttpRequest) -> str:
    return request.session.session_key or ""


def add_events(router: Router, kind: str) -> None:
    @router.get(
        "/{execution_id}/events",
        auth=READ,
        response=History,
        operation_id=f"read-{kind}-events",
        summary="Read or follow its history",
        openapi_extra=STREAM,
    )
    async def events(
        request: HttpRequest, execution_id: str, range: Annotated[Range, Query()]
    ) -> History | HttpResponseBase:
        """Journal and events in the order of their sequence, oldest first.

        With `Accept: text/event-stream`: a snapshot first, then every update until it ends,
        and of an agent what its model answers while it comes.
        """
        user, last_seen = person(request), sse.last_seen(request)
        execution = await sync_to_async(finding.execution)(user, execution_id, kind)
        if not sse.wanted(request):
            return await sync_to_async(history.entries)(execution, range.after, range.limit)
        if door.hub().count_of(user.pk) >= MOST_STREAMS:
            raise Problem(
                "rate-limited",
                f"You follow {MOST_STREAMS} executions already.",
                headers={"Retry-After": "30"},
            )
        token = getattr(request, "token", None)
        follower = Follower(user, token, session_key_of(request), execution.pk)
        return sse.answer(follower, last_seen if last_seen is not None else range.after or None)
