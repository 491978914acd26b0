"""Runs ``call: http``: one attempt, one outcome.

The calling thread waits; the call itself runs on the shared loop.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as NotAnswered
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from executions.calls.context import StepContext
from executions.calls.http import classify, content, loop, target
from executions.calls.http.egress import Egress
from executions.calls.http.exchange import Answer, exchange, is_accepted
from executions.calls.http.progress import Progress
from executions.calls.http.refusal import BodyUnusable, Refusal, not_sendable
from executions.calls.http.request import Request, build
from executions.calls.media import media_type
from executions.calls.outcome import Done, Fail, Json, Outcome
from executions.secrets import SecretUnavailable

EXCERPT_CHARACTERS = 300
GRACE_SECONDS = 5.0
_HIDDEN_HEADERS = frozenset({"authorization", "cookie"})
_WITHHELD = "(withheld: a secret of this step stands in it that is too short to be hidden)"


def run(arguments: dict[str, Any], context: StepContext) -> Outcome:
    """Make the call that ``arguments`` describe; never raises for what the call or the other side
    did.

    Limits read: those of the kind's row.
    """
    try:
        request = build(arguments, context)
        egress = _egress(context)
    except Refusal as refusal:
        return _redacted(refusal.failure, context)
    except SecretUnavailable as missing:
        return Fail(
            missing.error, transient=False, rule="secret not available", effect_possible=False
        )
    progress = Progress(request.name)
    outcome = _wait(request, egress, progress, context)
    return _redacted(outcome, context, request) if isinstance(outcome, Fail) else outcome


def close() -> None:
    """Stop the calls of this process; a later one starts anew."""
    loop.close()


def _wait(
    request: Request, egress: Egress, progress: Progress, context: StepContext
) -> Done | Fail:
    if context.deadline.is_over():
        return classify.timed_out(progress.what, context.deadline.seconds, is_sent=False)
    calls = loop.shared()
    future = calls.submit(_attempt(calls, request, egress, progress, context))
    context.cancellation.on_request(partial(_stop, future))
    try:
        return future.result(timeout=context.deadline.remaining() + GRACE_SECONDS)
    except CancelledError:
        return classify.cancelled(progress.what, progress.sent)
    except NotAnswered:
        future.cancel()
        return _said(request, progress, context) or classify.timed_out(
            progress.what, context.deadline.seconds, progress.sent
        )


def _stop(call: Future[Done | Fail]) -> None:
    call.cancel()


async def _attempt(
    calls: loop.CallLoop, request: Request, egress: Egress, progress: Progress, context: StepContext
) -> Done | Fail:
    limit = int(context.limits.get("http_response_bytes", content.DEFAULT_RESPONSE_BYTES))
    try:
        async with asyncio.timeout(context.deadline.remaining()):
            answer = await exchange(calls.pool(egress), request, limit, progress)
        return _outcome(answer, progress, context)
    except TimeoutError:
        broken = classify.timed_out(progress.what, context.deadline.seconds, progress.sent)
    except BodyUnusable as error:
        return classify.unusable_body(error, progress.what, progress.status or 200)
    except Exception as error:
        broken = classify.broken_call(error, progress.what, progress.sent)
    return _said(request, progress, context) or broken


def _outcome(answer: Answer, progress: Progress, context: StepContext) -> Done | Fail:
    if is_accepted(answer.status, answer.request):
        return Done(context.secrets.kept(_output(answer)))
    return _status_failure(answer.status, progress, context)


def _said(request: Request, progress: Progress, context: StepContext) -> Fail | None:
    """The failure that the other side named before the rest of its answer broke off; None where it
    named none.
    """
    status = progress.status
    if status is None or is_accepted(status, request):
        return None
    return _status_failure(status, progress, context)


def _status_failure(status: int, progress: Progress, context: StepContext) -> Fail:
    # Redacted before it is cut: half a secret at the edge would not be recognised any more.
    media = media_type(progress.headers.get("content-type", ""))
    text = content.excerpt(bytes(progress.body), media)
    excerpt = _WITHHELD if context.secrets.withholds(text) else str(context.secrets.redact(text))
    if len(excerpt) > EXCERPT_CHARACTERS:
        excerpt = excerpt[:EXCERPT_CHARACTERS] + "…"
    retry_after = progress.headers.get("retry-after")
    return classify.status_failure(status, progress.what, excerpt, retry_after, datetime.now(UTC))


def _output(answer: Answer) -> Json:
    request = answer.request
    if request.output == "raw":
        return content.encode(answer.body)
    decoded = content.decode(answer.body, answer.media)
    if request.output == "content":
        return decoded
    headers = {
        name: "[hidden]" if name in _HIDDEN_HEADERS else request.told_headers.get(name, value)
        for name, value in request.headers.items()
    }
    return {
        "request": {"method": request.method.lower(), "uri": request.shown_url, "headers": headers},
        "statusCode": answer.status,
        "headers": answer.headers,
        "content": decoded,
    }


def _egress(context: StepContext) -> Egress:
    limits = context.limits
    try:
        return Egress.from_settings(
            limits.get("http_allowed_hosts", ()),
            limits.get("http_only_hosts", ()),
            limits.get("confined_to") or (),
        )
    except ValueError as error:
        raise not_sendable(str(error), kind="configuration", rule="setting not valid") from None


def _redacted(failure: Fail, context: StepContext, request: Request | None = None) -> Fail:
    detail = str(context.secrets.redact(failure.error.detail))
    if request is not None:
        detail = target.without_host(detail, request.url, request.told)
    return replace(failure, error=replace(failure.error, detail=detail))
