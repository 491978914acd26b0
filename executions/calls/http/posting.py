"""One POST of Stigmer's own, with the vetting and the limits of a workflow's calls: no redirect is
followed, and of the answer only what it says of itself is read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime

from executions.calls.http import classify, content, loop, target
from executions.calls.http.egress import Egress
from executions.calls.http.exchange import exchange
from executions.calls.http.progress import Progress
from executions.calls.http.refusal import Refusal
from executions.calls.http.request import Request
from executions.calls.media import media_type

MOST_BYTES = 65_536
EXCERPT_CHARACTERS = 200
# The statuses of a gateway whose server is away.
OF_TARGET = frozenset({502, 503, 504})


@dataclass(frozen=True, slots=True)
class Posted:
    """``status`` is what the other side answered, None where it answered nothing. ``problem`` says
    in a sentence why it was not taken; empty where it was (2xx). ``retry_after`` is in seconds.

    ``is_about_one``: the other side works, it refused this one. ``is_final``: it will never take
    it. ``is_doubtful``: it may have taken it, and would take it twice. ``is_of_target``: nobody
    answered there, or only what stands before it, so that others would not be heard either.
    """

    status: int | None
    problem: str = ""
    retry_after: float | None = None
    is_about_one: bool = False
    is_final: bool = False
    is_doubtful: bool = False
    is_of_target: bool = False


def check_address(address: str) -> None:
    """Raises a Refusal for an address that cannot be called as it is spelled."""
    target.parse(address)


def post(
    address: str, headers: Mapping[str, str], body: bytes, *, egress: Egress, seconds: float
) -> Future[Posted]:
    """Send it once. The future never raises for what the other side did."""
    calls = loop.shared()
    return calls.submit(_posted(calls, address, headers, body, egress, seconds))


async def _posted(
    calls: loop.CallLoop,
    address: str,
    headers: Mapping[str, str],
    body: bytes,
    egress: Egress,
    seconds: float,
) -> Posted:
    progress, is_of_target = Progress("POST"), True
    try:
        request = _request(address, headers, body)
        progress.what = request.name
        async with asyncio.timeout(seconds):
            answer = await exchange(calls.pool(egress), request, MOST_BYTES, progress)
        return _of_status(answer.status, progress)
    except TimeoutError:
        failure = classify.timed_out(progress.what, seconds, progress.sent)
    except Refusal as refusal:
        failure, is_of_target = refusal.failure, False
    except Exception as error:
        failure = classify.broken_call(error, progress.what, progress.sent)
    # The status counts, whatever became of what followed it.
    if progress.status is not None:
        return _of_status(progress.status, progress)
    return Posted(None, failure.error.detail, is_of_target=is_of_target)


def _request(address: str, headers: Mapping[str, str], body: bytes) -> Request:
    ours = {"accept": "*/*", "accept-encoding": content.ACCEPTED_ENCODINGS, "user-agent": "stigmer"}
    return Request(
        method="POST",
        url=target.parse(address),
        headers={**ours, **headers},
        own=frozenset(headers),
        body=body,
        output="raw",
        redirect=False,
    )


def _of_status(status: int, progress: Progress) -> Posted:
    if 200 <= status < 300:
        return Posted(status)
    text = content.excerpt(
        bytes(progress.body), media_type(progress.headers.get("content-type", ""))
    )
    after = progress.headers.get("retry-after")
    failure = classify.status_failure(
        status, progress.what, text[:EXCERPT_CHARACTERS], after, datetime.now(UTC)
    )
    wait = classify.retry_after_seconds(after, datetime.now(UTC)) if after else None
    return Posted(status, failure.error.detail, wait, is_of_target=status in OF_TARGET)
