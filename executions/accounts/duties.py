"""The duties of a person before anything else: change a password that somebody else knows, or set
up a second factor where the installation asks for one.

It is found out at the log-in and kept in the session, so that no request asks the database for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from executions import policy
from executions.accounts.addresses import name_of
from executions.models import InitialPassword
from executions.roles import Rank

KEY = "duty"
PASSWORD, SECOND_FACTOR = "password", "second factor"
# The page at which each duty is done.
PAGES = {PASSWORD: "account_change_password", SECOND_FACTOR: "mfa_index"}
_ALWAYS = frozenset({"login", "logout", "healthz", "readyz"})
STAFF = frozenset({Rank.SUPPORT, Rank.ADMIN})
Answer = Callable[[HttpRequest], HttpResponseBase]


@receiver(user_logged_in)
def look_at_login(request: HttpRequest | None, user: Any, **_: Any) -> None:
    """Keep in the session what this person has to do first."""
    if request is not None and hasattr(request, "session"):
        look(request, user)


def look(request: HttpRequest, user: User) -> None:
    """Find out anew what this person has to do first."""
    duty = _duty(user)
    if duty:
        request.session[KEY] = duty
    else:
        request.session.pop(KEY, None)


def _duty(user: User) -> str:
    if InitialPassword.objects.filter(user=user).exists():
        return PASSWORD
    asked = settings.STIGMER_SECOND_FACTOR
    is_asked = asked == "all" or (asked == "staff" and policy.rank(user) in STAFF)
    return SECOND_FACTOR if is_asked and not _has_second_factor(user) else ""


def _has_second_factor(user: User) -> bool:
    from allauth.mfa.models import Authenticator

    kinds = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
    return bool(Authenticator.objects.filter(user=user, type__in=kinds).exists())


def first(get_response: Answer) -> Answer:
    """Middleware: whoever has something to do first is led there, whatever they ask for."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            duty = request.session.get(KEY)
            if duty in PAGES and not _is_about_the_account(request):
                return redirect(PAGES[duty])
        return get_response(request)

    return middleware


def _is_about_the_account(request: HttpRequest) -> bool:
    name = name_of(request)
    return name.startswith(("account_", "mfa_")) or name in _ALWAYS
