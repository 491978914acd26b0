"""A problem that the server answered with (RFC 9457), as the error that ends the command."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from executions.cli.exits import CommandError, ExitCode
from executions.cli.remote.flags import flag_of, in_flags

_CODES = {
    400: ExitCode.REFUSED,
    401: ExitCode.FORBIDDEN,
    403: ExitCode.FORBIDDEN,
    404: ExitCode.NOT_FOUND,
    409: ExitCode.REFUSED,
    412: ExitCode.REFUSED,
    422: ExitCode.USAGE,
    429: ExitCode.UNAVAILABLE,
    502: ExitCode.UNAVAILABLE,
    503: ExitCode.UNAVAILABLE,
    504: ExitCode.UNAVAILABLE,
}
# Exit codes of problems whose kind says more than their status.
_CODES_BY_TYPE = {
    "/problems/invalid-definition": ExitCode.FAILED,
    "/problems/invalid-argument": ExitCode.USAGE,
}

_OF_FIELDS = re.compile(
    r"`(detail|errors|state|existing_id)`|\b(Retry-After|Allow|Content-Type|X-CSRFToken)\b"
)
# Remedies for problems where the server's own would not help at a terminal.
_REMEDIES = {
    "/problems/rate-limited": "Wait a moment and try again.",
    "/problems/unavailable": "`stigmer doctor` checks everything.",
    "/problems/key-reused": "Use another --idempotency-key for another request.",
}


class ServerProblem(CommandError):
    """The server refused or failed. ``findings`` are its field errors, one line each."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        kind = str(body.get("type", ""))
        code = _CODES_BY_TYPE.get(kind) or _CODES.get(status, ExitCode.FAILED)
        errors = [each for each in body.get("errors") or () if isinstance(each, Mapping)]
        detail = str(body.get("detail") or body.get("title") or f"The server answered {status}.")
        detail = in_flags(detail, [_place(each) for each in errors])
        super().__init__(_sentence(detail), remedy=_remedy(status, body), code=code)
        self.status = status
        # How many runs are meant, where the person has to say so.
        self.count = body.get("count")
        self.kind = kind.rpartition("/")[2]
        self.findings = [finding_line(each) for each in errors]


def finding_line(finding: Mapping[str, Any]) -> str:
    """``line 3, /do/0: … (expected …; did you mean …?)``, as `validate` and `apply` print it."""
    line = finding.get("line")
    place = _place(finding)
    # Of a definition the pointer is the place in its text.
    place = (place.removeprefix("#") or "/") if line else flag_of(place)
    hints = [f"expected {finding['expected']}"] if finding.get("expected") else []
    hints += [str(finding["suggestion"])] if finding.get("suggestion") else []
    place_text = f"line {line}, {place}" if line else place
    return f"{place_text}: {finding.get('detail', '')}" + (
        f" ({'; '.join(hints)})" if hints else ""
    )


def _place(finding: Mapping[str, Any]) -> str:
    return str(finding.get("parameter") or finding.get("pointer") or "#")


def _remedy(status: int, body: Mapping[str, Any]) -> str:
    remedy = _for_people(str(body.get("remedy") or "")) or _REMEDIES.get(str(body.get("type")), "")
    if status == 401:
        return "Run `stigmer login`, or set STIGMER_TOKEN."
    if status == 500 and body.get("correlation_id"):
        return f"{remedy} Correlation id: {body['correlation_id']}.".strip()
    return remedy


def _for_people(remedy: str) -> str:
    """Without the sentences that speak of the answer's fields and of headers: what they hold is
    printed anyway.
    """
    sentences = " ".join(
        each for each in re.split(r"(?<=[.!?]) ", remedy) if not _OF_FIELDS.search(each)
    )
    return in_flags(sentences, [])


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."
