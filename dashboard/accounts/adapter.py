"""The answers to django-allauth about accounts and second factors."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_noop as N_

from executions import policy
from executions.accounts import confirming
from executions.accounts.backend import WAIT_SECONDS
from executions.accounts.seeds import opened, sealed
from executions.accounts.throttle import TooManyTries


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # the library has no types
    """Nobody signs up; our own backend looks at passwords."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """By the backends alone, which count the tries."""
        try:
            user = authenticate(request, **credentials)
        except TooManyTries as why:
            setattr(request, WAIT_SECONDS, why.wait_seconds)
            raise
        return user if isinstance(user, User) else None

    def is_reauthentication_required(self, *, app: str, **_: Any) -> bool:
        """Whether the last proof is too long ago, a log-in being one."""
        request = context.request
        if not isinstance(request.user, User):
            return True
        confirming.by_session(request, request.user)
        return not policy.is_confirmed(request.user)

    def add_message(
        self, request: Any, level: int, message_template: str | None = None, *rest: Any, **more: Any
    ) -> None:
        """A log-in and a log-out need no words."""
        if not str(message_template).endswith(("logged_in.txt", "logged_out.txt")):
            super().add_message(request, level, message_template, *rest, **more)

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address that the entrance found, through as many proxies as were declared."""
        return str(request.META.get("REMOTE_ADDR") or "127.0.0.1")

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Without a mail server an administrator makes the link: `stigmer user reset-link`."""
        if settings.EMAIL_HOST:
            super().send_mail(template_prefix, email, context)


class SecondFactors(DefaultMFAAdapter):  # type: ignore[misc]
    """The seeds of authenticator apps are kept sealed."""

    def encrypt(self, text: str) -> str:
        return sealed(text)

    def decrypt(self, encrypted_text: str) -> str:
        try:
            return opened(encrypted_text)
        except ValueError as why:
            raise ValidationError(
                N_(
                    "The key that sealed this second factor is gone: an administrator has to reset"
                    " it."
                )
            ) from why
