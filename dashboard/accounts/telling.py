"""Events of an account, in the audit trail; and what follows from them in its session."""

from __future__ import annotations

from typing import Any

from allauth.account.signals import (
    authentication_step_completed,
    password_changed,
    password_reset,
    password_set,
)
from allauth.mfa import signals as factors
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import User
from django.dispatch import receiver
from django.http import HttpRequest

from executions import audit
from executions.accounts import confirming, duties
from executions.models import InitialPassword


@receiver(authentication_step_completed)
def proved(request: HttpRequest, user: Any, **more: Any) -> None:
    """Somebody who is logged in proved once more who they are."""
    if more.get("reauthenticated") and request.user == user:
        _with_another_key(request)
        confirming.note(request)
        audit.record_account("confirm", user.get_username(), user, after=_how(more))


def _with_another_key(request: HttpRequest) -> None:
    """The key that the session had before opens nothing from now on."""
    before = request.session.session_key
    request.session.cycle_key()
    after = request.session.session_key
    UserSession.objects.filter(session_key=before).update(session_key=after)


@receiver((password_changed, password_set, password_reset))
def password_is_new(request: HttpRequest, user: User, **_: Any) -> None:
    InitialPassword.objects.filter(user=user).delete()
    audit.record_account("change password", user.get_username(), user)
    if request.user == user:
        duties.look(request, user)


@receiver(factors.authenticator_added)
def factor_added(request: HttpRequest, user: User, authenticator: Any, **_: Any) -> None:
    _record("add second factor", request, user, authenticator)


@receiver(factors.authenticator_removed)
def factor_removed(request: HttpRequest, user: User, authenticator: Any, **_: Any) -> None:
    _record("remove second factor", request, user, authenticator)


@receiver(factors.authenticator_reset)
def factor_reset(request: HttpRequest, user: User, authenticator: Any, **_: Any) -> None:
    _record("renew recovery codes", request, user, authenticator)


def _record(verb: str, request: HttpRequest, user: User, authenticator: Any) -> None:
    what = {"kind": str(authenticator.type)}
    audit.record_account(verb, user.get_username(), user, after=what)
    if request.user == user:
        duties.look(request, user)


def _how(more: dict[str, Any]) -> dict[str, Any]:
    return {name: str(more[name])[:40] for name in ("method", "type") if name in more}
