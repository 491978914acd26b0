"""Pages of the own account that are ours: what there is, and the open sessions."""

from __future__ import annotations

from typing import NoReturn

import requests
import structlog
from allauth.mfa.models import Authenticator
from allauth.socialaccount.providers.openid_connect import views as oidc
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from dashboard.accounts import proving
from dashboard.accounts.sign_on import PROVIDER
from dashboard.views.pages import page as for_people
from dashboard.views.pages import person
from executions import audit

log = structlog.get_logger(__name__)


@require_safe
def closed(request: HttpRequest) -> NoReturn:
    """Nobody signs up: administrators make accounts."""
    raise Http404


@require_POST
def sign_on(request: HttpRequest, provider_id: str = PROVIDER) -> HttpResponse:
    """Begin a single sign-on, where there is a provider."""
    if not settings.STIGMER_OIDC_ISSUER:
        raise Http404
    proving.with_nonce(request)
    try:
        answer: HttpResponse = oidc.login(request, provider_id)
    except (requests.RequestException, KeyError, ValueError) as problem:
        log.warning("the provider of sign-on does not answer", problem=str(problem)[:300])
        messages.error(request, "The sign-on did not succeed. Try it again.")
        return redirect("login")
    return answer


@require_safe
def cancelled(request: HttpRequest) -> HttpResponse:
    """A person who gave up at the provider is back at the log-in."""
    return redirect("login")


@for_people
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """The parts of the account: a password, second factors, sessions, groups."""
    user = person(request)
    kinds = list(Authenticator.objects.filter(user=user).values_list("type", flat=True))
    context = {
        "has_password": user.has_usable_password(),
        "has_app": Authenticator.Type.TOTP in kinds,
        "passkeys": kinds.count(Authenticator.Type.WEBAUTHN),
        "has_codes": Authenticator.Type.RECOVERY_CODES in kinds,
        "sessions": len(_sessions(user)),
        "groups": list(user.groups.order_by("name").values_list("name", flat=True)),
        "idle_hours": round(settings.STIGMER_IDLE_SECONDS / 3600, 1),
    }
    return render(request, "dashboard/account.html", context)


@for_people
@require_safe
def sessions(request: HttpRequest) -> HttpResponse:
    """The sessions in which this person is logged in."""
    open_sessions = _sessions(person(request))
    return render(request, "dashboard/sessions.html", {"sessions": open_sessions})


@for_people
@require_POST
def end_session(request: HttpRequest, pk: int) -> HttpResponse:
    """End one of the own sessions."""
    user = person(request)
    session = UserSession.objects.filter(user=user, pk=pk).first()
    if session is None:
        raise Http404
    _end(user, [session])
    return redirect("account_sessions")


@for_people
@require_POST
def end_others(request: HttpRequest) -> HttpResponse:
    """End all but the one that asks."""
    user, own = person(request), request.session.session_key
    _end(user, [each for each in _sessions(user) if each.session_key != own])
    return redirect("account_sessions")


def _sessions(user: User) -> list[UserSession]:
    """The open ones, the newest first."""
    open_sessions = UserSession.objects.purge_and_list(user)
    return sorted(open_sessions, key=lambda each: each.created_at, reverse=True)


def _end(user: User, ended: list[UserSession]) -> None:
    for each in ended:
        each.end()
    if ended:
        audit.record_account("end session", user.get_username(), user, after={"many": len(ended)})
