"""The parts that the forms that start a run share."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.http import HttpRequest

from dashboard.queries.once import once
from dashboard.views.pages import person

# The status of a page whose form was refused; 400 for every other code.
STATUSES = {"conflict": 409, "unavailable": 503}
_KEY = re.compile(r"[0-9a-f]{32}")


def started_once(request: HttpRequest, operation: str, begin: Callable[[], str]) -> str:
    """The id of the run that ``begin`` starts; a form that is sent twice starts one.

    Raises what ``begin`` and :func:`dashboard.queries.once.once` raise.
    """
    key = request.POST.get("key", "")
    return once(person(request), key, operation, begin) if _KEY.fullmatch(key) else begin()
