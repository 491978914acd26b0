"""Codes of second factors, guessed no more often than passwords are."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import ResetPasswordForm
from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm

from executions.accounts.backend import WAIT_SECONDS
from executions.accounts.throttle import TooManyTries, Try, looked_at, succeeded


class _Counted:
    """Put before a form that checks a code: each try counts, and a right one is given back."""

    user: Any

    def clean_code(self) -> str:
        request = context.request
        made = Try.of(request, f"second factor of {self.user.pk}")
        try:
            with looked_at(made):
                code: str = super().clean_code()  # type: ignore[misc]
        except TooManyTries as why:
            setattr(request, WAIT_SECONDS, why.wait_seconds)
            raise
        succeeded(made)
        return code


class AskForLinkForm(ResetPasswordForm):  # type: ignore[misc]
    """A person who forgot a password asks for a link: no more often than one may try a password."""

    def clean_email(self) -> str:
        request = context.request
        made = Try.of(request, f"reset {self.cleaned_data['email']}")
        try:
            with looked_at(made):
                email: str = super().clean_email()
        except TooManyTries as why:
            setattr(request, WAIT_SECONDS, why.wait_seconds)
            raise
        return email


class CodeForm(_Counted, AuthenticateForm):  # type: ignore[misc]
    """The second step of a log-in."""


class ConfirmByCodeForm(_Counted, ReauthenticateForm):  # type: ignore[misc]
    """The same, of somebody who is logged in and proves it once more."""
