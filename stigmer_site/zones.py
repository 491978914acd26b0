"""Time zones: the installation's own, and that of whoever looks at a page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, available_timezones

from django.utils import timezone
from marshmallow import ValidationError

if TYPE_CHECKING:
    # The settings read this file, and the supervisor reads the settings and no more of Django.
    from django.http import HttpRequest, HttpResponseBase

COOKIE = "stigmer-zone"


@cache
def names() -> frozenset[str]:
    return frozenset(available_timezones())


def check_zone(name: str) -> None:
    """Raise ValidationError for what is no name of a time zone."""
    if name not in names():
        raise ValidationError(f"{name!r} is no time zone. Use a name such as UTC or Europe/Berlin.")


def exact(moment: datetime) -> str:
    """A moment to the second, in the zone of the browser or else of the installation."""
    # A page says hundreds of them: ``strftime`` takes ten times as long.
    local = timezone.localtime(moment)
    return f"{local.replace(tzinfo=None).isoformat(' ', 'seconds')} {local.tzname() or ''}"


def of_the_browser(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware: the browser's zone, which static/js/clock.js puts into a cookie, counts.

    Without one, as in a browser's first request, it is STIGMER_TIME_ZONE.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        name = request.COOKIES.get(COOKIE, "")
        with timezone.override(ZoneInfo(name) if name in names() else None):
            return get_response(request)

    return middleware
