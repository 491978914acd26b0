"""A refusal as a page's status: the same as in the API, but that bad input is 400 on a page."""

from __future__ import annotations

from executions.errors import Refused

_STATUS = {"stale": 412, "forbidden": 403, "conflict": 409, "unavailable": 503, "corrupt": 500}


def status_of(refused: Refused) -> int:
    return _STATUS.get(refused.code, 400)
