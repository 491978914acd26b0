"""Accounts, groups, sessions and tokens: administrators make, change and end them, just after a
log-in.
"""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import urlencode

from executions import audit, policy, tokens
from executions.accounts import confirming
from executions.accounts.helping import end_sessions, reset_second_factor
from executions.admin.access import Looking, may_change
from executions.models import ApiToken, InitialPassword

CONFIRM = "account_reauthenticate"
# Models of theirs that are not looked after here; tokens and addresses of sign-on are settings.
THEIRS = (User, Group, UserSession, Authenticator, EmailAddress)
OF_SIGN_ON = (SocialAccount, SocialApp, SocialToken)
for model in (*THEIRS, *OF_SIGN_ON):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


class JustLoggedIn:
    """Its forms are opened and sent by administrators who have logged in just before."""

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        page = super().changeform_view  # type: ignore[misc]
        return to_confirm(request) or page(request, *args, **kwargs)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        page = super().delete_view  # type: ignore[misc]
        return to_confirm(request) or page(request, *args, **kwargs)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may_change(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_change(request)

    has_change_permission = has_add_permission = has_delete_permission = has_view_permission


def to_confirm(request: HttpRequest) -> HttpResponse | None:
    """To the page that asks once more who it is; None where that is known."""
    assert isinstance(request.user, User)
    confirming.by_session(request, request.user)
    if policy.is_confirmed(request.user):
        return None
    answer = redirect(CONFIRM)
    answer["Location"] += "?" + urlencode({"next": request.path})
    return answer


@admin.register(User)
class PersonAdmin(JustLoggedIn, UserAdmin):  # type: ignore[type-arg]
    """A password that is set here ends with its first use; another rank ends all sessions."""

    list_display = ("username", "rank", "email", "is_active", "last_login")
    list_filter = ("is_superuser", "is_active", "groups")
    search_fields = ("username__startswith", "email__startswith")
    actions = ("end_sessions", "reset_second_factor")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        ("What they may do", {"fields": ("is_active", "is_superuser", "is_staff", "groups")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    readonly_fields = ("last_login", "date_joined")
    filter_horizontal = ()

    class Media:
        css = {"all": ("css/admin.css",)}  # noqa: RUF012  (as Django declares it)

    @admin.display(description="rank")
    def rank(self, user: User) -> str:
        return str(policy.rank(user))

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> Any:
        if (answer := to_confirm(request)) is not None:
            return answer
        response = super().user_change_password(request, id, form_url)
        if request.method == "POST" and response.status_code == 302 and id != str(request.user.pk):
            user = User.objects.get(pk=id)
            _is_initial(user)
            _told("set password", user, request)
        return response

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            _is_initial(obj)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        user: User = form.instance
        before = policy.rank(User.objects.get(pk=user.pk)) if change else policy.Rank.USER
        was_admin = "is_superuser" in form.changed_data or "is_active" in form.changed_data
        super().save_related(request, form, formsets, change)
        after = policy.rank(User.objects.get(pk=user.pk))
        details = {"from": str(before), "to": str(after), "fields": sorted(form.changed_data)}
        if change and (was_admin or before != after) and user.pk != request.user.pk:
            end_sessions(user)
        _told("change account" if change else "make account", user, request, details)

    @admin.action(description="End all sessions")
    def end_sessions(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        ended = sum(_ended(user, request) for user in rows)
        self.message_user(request, f"Sessions ended: {ended}.", messages.SUCCESS)

    @admin.action(description="Reset the second factor")
    def reset_second_factor(
        self, request: HttpRequest, rows: QuerySet[User]
    ) -> HttpResponse | None:
        if (answer := to_confirm(request)) is not None:
            return answer
        assert isinstance(request.user, User)
        for user in rows:
            reset_second_factor(user, request.user)
        self.message_user(request, "They log in with their password alone.", messages.SUCCESS)
        return None


def _ended(user: User, request: HttpRequest) -> int:
    many = end_sessions(user)
    _told("end session", user, request, {"many": many})
    return many


def _is_initial(user: User) -> None:
    InitialPassword.objects.get_or_create(user=user)


def _told(verb: str, user: User, request: HttpRequest, after: Any = None) -> None:
    assert isinstance(request.user, User)
    audit.record_account(verb, user.get_username(), request.user, after=after)


@admin.register(Group)
class OurGroupAdmin(JustLoggedIn, GroupAdmin):
    """Groups give a rank (`Support`, `Viewers`), or own workflows and agents."""

    fields = ("name",)

    class Media:
        css = {"all": ("css/admin.css",)}  # noqa: RUF012  (as Django declares it)


@admin.register(SocialAccount)
class SignOnAdmin(JustLoggedIn, Looking):
    """Identities of a provider, and the people who sign on with them. The provider's answer makes
    it; nobody else ties an identity to an account. Deleting one ends that, and the person's
    sessions.
    """

    list_display = ("user", "provider", "uid", "last_login", "date_joined")
    list_select_related = ("user",)
    search_fields = ("user__username__startswith", "uid__startswith")
    ordering = ("-id",)
    sortable_by = ()
    fields = list_display

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    has_change_permission = has_add_permission

    def delete_model(self, request: HttpRequest, obj: SocialAccount) -> None:
        super().delete_model(request, obj)
        end_sessions(obj.user)
        _told("end sign-on", obj.user, request, {"provider": obj.provider, "uid": obj.uid})

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[SocialAccount]) -> None:
        for each in queryset.select_related("user"):
            self.delete_model(request, each)


class OfPeople(Looking):
    """Of administrators alone."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may_change(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_change(request)


@admin.register(UserSession)
class SessionOfPersonAdmin(OfPeople):
    """The sessions in which people are logged in; never the key of one."""

    list_display = ("user", "ip", "user_agent", "created_at", "last_seen_at")
    list_display_links = None
    list_select_related = ("user",)
    search_fields = ("user__username__startswith", "ip__startswith")
    ordering = ("-id",)
    sortable_by = ()
    fields = ("user", "ip", "user_agent", "created_at", "last_seen_at")
    actions = ("end",)

    @admin.action(description="End the selected sessions", permissions=["view"])
    def end(self, request: HttpRequest, rows: QuerySet[UserSession]) -> None:
        sessions = list(rows.select_related("user"))
        for each in sessions:
            each.end()
            _told("end session", each.user, request, {"many": 1})
        self.message_user(request, f"Sessions ended: {len(sessions)}.", messages.SUCCESS)


@admin.register(ApiToken)
class ApiTokenAdmin(OfPeople):
    """Tokens of everybody; never what they are."""

    list_display = ("name", "owner", "ending", "scopes", "created_at", "expires_at", "last_used_at")
    list_select_related = ("owner",)
    search_fields = ("owner__username__startswith", "last_characters")
    ordering = ("-id",)
    sortable_by = ()
    fields = (
        "public_id",
        "owner",
        "name",
        "ending",
        "scopes",
        "created_at",
        "expires_at",
        "last_used_at",
        "revoked_at",
    )
    actions = ("revoke",)

    @admin.display(description="ends with")
    def ending(self, token: ApiToken) -> str:
        return f"…{token.last_characters}"

    @admin.action(description="Revoke the selected tokens", permissions=["view"])
    def revoke(self, request: HttpRequest, rows: QuerySet[ApiToken]) -> None:
        api_tokens = list(rows.select_related("owner"))
        for each in api_tokens:
            tokens.revoke(each)
            _told("revoke token", each.owner, request, {"token": each.public_id})
        self.message_user(request, f"Tokens revoked: {len(api_tokens)}.", messages.SUCCESS)
