"""The verdicts: which answers and which broken calls are transient, and the rule that says so.

| what happened                                     | verdict   | may have had an effect |
| 408, 425, 429, every 5xx but those below          | transient | yes                    |
| 501, 505, 506, 510, 511; every other 3xx and 4xx  | permanent | yes                    |
| name not found, connection refused or timed out   | transient | no                     |
| certificate not accepted                          | permanent | no                     |
| reset, dropped, malformed answer                  | transient | once a request was sent |
| out of time                                       | transient | once a request was sent |
"""

from __future__ import annotations

import re
import ssl
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import httpcore

from executions.calls.http.network import NameNotFound
from executions.calls.http.refusal import BodyUnusable, Refusal
from executions.calls.outcome import Fail
from executions.errors import WorkflowError

TRANSIENT_STATUSES = frozenset({408, 425, 429})
PERMANENT_SERVER_STATUSES = frozenset({501, 505, 506, 510, 511})
LONGEST_RETRY_AFTER_SECONDS = 31_536_000.0
_SECONDS = re.compile(r"[0-9]+( *, *[0-9]+)*")


def is_transient(status: int) -> bool:
    """Whether the same request may succeed a little later."""
    return status in TRANSIENT_STATUSES or (
        500 <= status < 600 and status not in PERMANENT_SERVER_STATUSES
    )


def reason_phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def status_failure(
    status: int, call: str, excerpt: str, retry_after: str | None, now: datetime
) -> Fail:
    """The failure for an answer whose status is an error; ``call`` is its name."""
    detail = _answered(call, status) + (f": {excerpt}" if excerpt else "")
    transient = is_transient(status)
    return Fail(
        WorkflowError.standard("communication", detail, status=status),
        transient=transient,
        rule=f"HTTP {status}",
        answered=True,
        retry_after=retry_after_seconds(retry_after, now) if transient and retry_after else None,
    )


def unusable_body(broken: BodyUnusable, call: str, status: int) -> Fail:
    """The failure for an answer whose status is fine and whose body cannot be taken."""
    failure = broken.failure
    detail = f"{_answered(call, status)}, but {failure.error.detail}"
    return replace(failure, error=replace(failure.error, detail=detail))


def _answered(call: str, status: int) -> str:
    return f"{call} answered {status} {reason_phrase(status)}".rstrip()


def retry_after_seconds(value: str, now: datetime) -> float | None:
    """Seconds until the moment that a Retry-After header names (RFC 9110 section 10.2.3); None if
    unreadable.
    """
    value = value.strip()
    if _SECONDS.fullmatch(value):
        # A doubled header has several; the first one counts.
        return min(
            float(value.partition(",")[0].strip().lstrip("0")[:12] or 0),
            LONGEST_RETRY_AFTER_SECONDS,
        )
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max((moment - now).total_seconds(), 0.0), LONGEST_RETRY_AFTER_SECONDS)


def broken_call(error: Exception, call: str, is_sent: bool) -> Fail:
    """The failure for a call that ended without a usable answer; ``is_sent`` says whether a request
    had begun to leave.
    """
    if isinstance(error, Refusal):
        return replace(error.failure, effect_possible=error.failure.effect_possible or is_sent)
    if certificate := _certificate_error(error):
        return _failure(
            f"{call}: the certificate was not accepted: {certificate}",
            "TLS certificate refused",
            False,
            is_sent,
        )
    if isinstance(error, NameNotFound):
        return _failure(f"{call}: {error}", "name not found", True, is_sent)
    if isinstance(error, httpcore.ConnectTimeout):
        return _failure(
            f"{call}: no connection within the time allowed", "connect timed out", True, is_sent
        )
    if isinstance(error, httpcore.ConnectError):
        return _failure(f"{call}: could not connect: {error}", "could not connect", True, is_sent)
    if isinstance(error, httpcore.LocalProtocolError):
        return _failure(
            f"{call}: the request is not valid HTTP: {error}", "request not valid", False, is_sent
        )
    if isinstance(error, httpcore.RemoteProtocolError):
        return _failure(
            f"{call}: the connection was dropped: {error}", "connection dropped", True, is_sent
        )
    if isinstance(error, httpcore.NetworkError | httpcore.TimeoutException | OSError):
        return _failure(
            f"{call}: the connection was reset or lost", "connection reset", True, is_sent
        )
    return Fail(
        WorkflowError.standard("runtime", f"{call}: unexpected {type(error).__name__}: {error}"),
        transient=False,
        rule="unexpected error",
        effect_possible=is_sent,
    )


def timed_out(call: str, seconds: float, is_sent: bool) -> Fail:
    """The failure of an attempt whose deadline passed."""
    error = WorkflowError.standard("timeout", f"{call}: no complete answer within {seconds:g} s")
    return Fail(error, transient=True, rule="attempt timed out", effect_possible=is_sent)


def cancelled(call: str, is_sent: bool) -> Fail:
    """The failure of an attempt that was asked to stop."""
    error = WorkflowError.standard("runtime", f"{call}: the call was cancelled")
    return Fail(error, transient=False, rule="attempt cancelled", effect_possible=is_sent)


def _failure(detail: str, rule: str, transient: bool, is_sent: bool) -> Fail:
    return Fail(
        WorkflowError.standard("communication", detail), transient, rule, effect_possible=is_sent
    )


def _certificate_error(error: BaseException | None) -> str:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return error.verify_message
        error = error.__cause__ or error.__context__
    return ""
