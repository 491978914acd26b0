"""Following by Server-Sent Events (WHATWG HTML, section 9.2): a frame is an event by its
sequence.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator

from django.http import HttpRequest, StreamingHttpResponse

from executions.api.live.follower import Follower, door
from executions.api.problems import FieldError, Problem
from executions.live.closing import Close
from executions.live.mailbox import Frame

CONTENT_TYPE = "text/event-stream"
_SEQUENCE = re.compile("[0-9]{1,18}")
BEAT_SECONDS = 15.0
# A proxy may keep a connection whose client is long gone, so a stream ends now and then. A client
# that comes back with Last-Event-ID misses nothing.
STREAM_SECONDS = 900.0
RETRY_MILLISECONDS = 2000
_REASONS = {
    Close.NOT_ALLOWED: "forbidden",
    Close.RESTARTING: "restarting",
    Close.NOTHING_HERE: "deleted",
}


def wanted(request: HttpRequest) -> bool:
    """Whether the caller asks for a stream."""
    return CONTENT_TYPE in request.headers.get("Accept", "")


def last_seen(request: HttpRequest) -> int | None:
    """The sequence of Last-Event-ID; None where there is none. Raises Problem for others."""
    text = request.headers.get("Last-Event-ID")
    if text is None:
        return None
    if not _SEQUENCE.fullmatch(text):
        raise Problem(
            "malformed",
            "Last-Event-ID has to be the id of an event of this stream.",
            remedy="Leave it out to begin with a snapshot.",
            errors=[FieldError("A sequence, for example 17.", parameter="Last-Event-ID")],
        )
    return int(text)


def answer(follower: Follower, after: int | None) -> StreamingHttpResponse:
    """The stream as a response: a snapshot, or what came ``after`` it was seen, then updates."""
    response = StreamingHttpResponse(stream(follower, after), content_type=CONTENT_TYPE)
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


async def stream(follower: Follower, after: int | None) -> AsyncIterator[bytes]:
    """The frames as text, until the end."""
    ends_at = asyncio.get_running_loop().time() + STREAM_SECONDS
    mailbox = follower.mailbox
    door.hub().join(follower)
    try:
        await follower.begin(after)
        yield f"retry: {RETRY_MILLISECONDS}\n\n".encode()
        while asyncio.get_running_loop().time() < ends_at and not mailbox.is_over():
            frames = await mailbox.take(BEAT_SECONDS)
            for frame in frames:
                yield written(frame)
            if not frames and mailbox.closed is None:
                yield b": still here\n\n"
        if mailbox.closed in _REASONS:
            reason = json.dumps({"reason": _REASONS[mailbox.closed]})
            yield f"event: closed\ndata: {reason}\n\n".encode()
    finally:
        door.hub().leave(follower)


def written(frame: Frame) -> bytes:
    """One event of the stream. A part of an answer has no sequence, and does not count as seen: a
    follower who comes back gets the answer from its beginning.
    """
    if "seq" not in frame:
        return f"event: {frame['event']}\ndata: {json.dumps(frame)}\n\n".encode()
    return f"id: {frame['seq']}\nevent: {frame['event']}\ndata: {json.dumps(frame)}\n\n".encode()
