"""Single sign-on by an OpenID provider: who comes in, and what their groups there are worth here.

Nobody comes in whose groups are not mapped, and no account is taken over by its e-mail address: an
account of the provider is known by its subject alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import Group, User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_noop as N_

from executions import audit, policy
from executions.roles import SUPPORT_GROUP, VIEWERS_GROUP

PROVIDER = "sso"
USER, ADMIN = "user", "admin"
# The words that a mapping may name beside `user`, `admin` and the names of groups.
GROUPS = {"support": SUPPORT_GROUP, "viewer": VIEWERS_GROUP}


def worth(groups: Iterable[object], mapping: Mapping[str, str]) -> frozenset[str]:
    """The groups to which these of the provider are mapped; empty where none is."""
    return frozenset(mapping[str(each)] for each in groups if str(each) in mapping)


def claimed(data: Mapping[str, Any], claim: str) -> list[object]:
    """The groups that the provider named, in the answer about the person or in its token."""
    for part in (data.get("userinfo"), data.get("id_token"), data):
        value = part.get(claim) if isinstance(part, dict) else None
        if isinstance(value, list):
            return value
        if isinstance(value, str) and value:
            return [value]
    return []


def apply(user: User, targets: frozenset[str]) -> None:
    """Give the person what the provider's groups are worth, and take what they are not any more.

    Groups that the mapping does not name stay as they are.
    """
    before = policy.rank(User.objects.get(pk=user.pk))
    is_admin = ADMIN in targets
    is_staff = is_admin or "support" in targets
    if (user.is_superuser, user.is_staff) != (is_admin, is_staff):
        user.is_superuser, user.is_staff = is_admin, is_staff
        user.save(update_fields=["is_superuser", "is_staff"])
    for target in set(settings.STIGMER_OIDC_ROLES.values()) - {USER, ADMIN}:
        group = Group.objects.get_or_create(name=GROUPS.get(target, target))[0]
        (user.groups.add if target in targets else user.groups.remove)(group)
    after = policy.rank(User.objects.get(pk=user.pk))
    if before != after:
        what = {"from": str(before), "to": str(after), "by": "sign-on"}
        audit.record_account("change account", user.get_username(), user, after=what)


class SignOn(DefaultSocialAccountAdapter):  # type: ignore[misc]  # the library has no types
    """The answers to django-allauth about accounts of the provider."""

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        data = sociallogin.account.extra_data or {}
        groups = claimed(data, settings.STIGMER_OIDC_GROUPS_CLAIM)
        targets = worth(groups, settings.STIGMER_OIDC_ROLES)
        if request.user.is_authenticated:
            raise ImmediateHttpResponse(redirect("overview"))
        if not targets:
            name = str(sociallogin.account.uid)[:80]
            after = {"door": request.path, "why": "no group is mapped"}
            audit.record_account("log in", name, None, outcome=audit.REFUSED, after=after)
            raise ImmediateHttpResponse(_refused(request))
        sociallogin.state["stigmer_targets"] = sorted(targets)
        if sociallogin.is_existing:
            apply(sociallogin.user, targets)
            _record_log_in(request, sociallogin.user)

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return bool(sociallogin.state.get("stigmer_targets"))

    def is_auto_signup_allowed(self, request: HttpRequest, sociallogin: Any) -> bool:
        return True

    def populate_user(self, request: HttpRequest, sociallogin: Any, data: Any) -> Any:
        """An address that another account has is nobody's proof of anything: it is left out."""
        user = super().populate_user(request, sociallogin, data)
        if user.email and User.objects.filter(email__iexact=user.email).exists():
            user.email = ""
        sociallogin.email_addresses = []
        return user

    def save_user(self, request: HttpRequest, sociallogin: Any, form: Any = None) -> Any:
        user = super().save_user(request, sociallogin, form)
        apply(user, frozenset(sociallogin.state["stigmer_targets"]))
        _record_log_in(request, user)
        return user

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, *args: Any, **kwargs: Any
    ) -> NoReturn:
        raise ImmediateHttpResponse(_refused(request, "The sign-on did not succeed. Try it again."))


def _record_log_in(request: HttpRequest, user: User) -> None:
    after = {"door": request.path, "by": "sign-on"}
    audit.record_account("log in", user.get_username(), user, after=after)


NOT_MAPPED = N_("None of your groups is let in here. Ask an administrator of this server.")


def _refused(request: HttpRequest, why: str = NOT_MAPPED) -> HttpResponse:
    messages.error(request, why)
    return redirect("login")
