"""If-Match and ETag: the execution's sequence, in quotes (RFC 9110 section 13.1.1)."""

from __future__ import annotations

import re

from django.http import HttpRequest

from executions.api.problems import FieldError, Problem

_TAG = re.compile(r'"?(\d{1,18})"?')


def etag(seq: int) -> str:
    return f'"{seq}"'


def expected_seq(request: HttpRequest) -> int | None:
    """The sequence that the caller saw; None for no If-Match, or ``*``.

    Raises Problem where it reads otherwise.
    """
    header = request.headers.get("If-Match")
    if header is None or header.strip() == "*":
        return None
    match = _TAG.fullmatch(header.strip())
    if match is None:
        raise Problem(
            "malformed",
            "If-Match has to be the sequence of the execution in quotes, as the header ETag"
            " gave it.",
            errors=[FieldError('One sequence in quotes, for example "17".', parameter="If-Match")],
        )
    return int(match[1])
