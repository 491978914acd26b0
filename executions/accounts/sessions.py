"""How long a session lives: from the last request, and from its log-in."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest
from django.http.response import HttpResponseBase

BEGAN, SEEN = "began_at", "seen_at"
# A session is written at most this often because its reader is there.
NOTED_SECONDS = 60.0
# Requests that an open page makes by itself say nothing about its reader.
BY_ITSELF = ("/live/", "/executions/new-count", "/static/")
Answer = Callable[[HttpRequest], HttpResponseBase]


@receiver(user_logged_in)
def begin(request: HttpRequest | None, **_: Any) -> None:
    """A session begins with a log-in; its key is a new one by then."""
    if request is not None and hasattr(request, "session"):
        now = time.time()
        request.session[BEGAN] = request.session[SEEN] = now
        request.session.set_expiry(_left(now, now))


def kept(get_response: Answer) -> Answer:
    """Middleware: a session that is used goes on, up to its longest life."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            _note(request)
        return get_response(request)

    return middleware


def _note(request: HttpRequest) -> None:
    session, now = request.session, time.time()
    seen = session.get(SEEN)
    if not isinstance(seen, int | float) or request.path.startswith(BY_ITSELF):
        return
    if now - seen >= min(NOTED_SECONDS, settings.STIGMER_IDLE_SECONDS / 2):
        session[SEEN] = now
        session.set_expiry(_left(float(session.get(BEGAN, seen)), now))


def _left(began: float, now: float) -> int:
    """Seconds for which the session stays open if nobody comes back."""
    longest = began + settings.SESSION_COOKIE_AGE - now
    return max(1, round(min(settings.STIGMER_IDLE_SECONDS, longest)))
