"""Accounts in the admin: made, changed and ended by administrators who have just logged in."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from executions.accounts.confirming import KEY
from executions.cli.commands.users import reset_link, reset_mfa
from executions.models import AuditEntry, InitialPassword
from executions.tokens import mint

pytestmark = pytest.mark.django_db
AsUser = Callable[[User], Client]
NEW = {"username": "nora", "usable_password": "true", "password1": "four words in a row"}
NEW["password2"] = NEW["password1"]


def logged_in(name: str, password: str) -> Client:
    client = Client()
    assert client.post("/log-in", {"username": name, "password": password}).status_code == 302
    return client


def test_who_is_made_here_changes_the_password_first(admin: User, as_user: AsUser) -> None:
    assert as_user(admin).post("/admin/auth/user/add/", NEW).status_code == 302
    nora = User.objects.get(username="nora")
    assert InitialPassword.objects.filter(user=nora).exists()
    client = logged_in("nora", NEW["password1"])
    assert client.get("/")["Location"] == "/account/password"


def test_accounts_are_for_administrators_who_have_just_logged_in(
    admin: User, support: User, as_user: AsUser
) -> None:
    for address in ("/admin/auth/user/", "/admin/executions/apitoken/", "/admin/settings/"):
        assert as_user(support).get(address).status_code == 403
        assert as_user(admin).get(address).status_code == 200
    client = as_user(admin)
    session = client.session
    session[KEY] = time.time() - 3600
    session.save()
    for address in ("/admin/auth/user/add/", f"/admin/auth/user/{support.pk}/change/"):
        answer = client.post(address, NEW)
        assert answer["Location"].startswith("/account/confirm?next=%2Fadmin%2Fauth%2Fuser%2F")
    assert not User.objects.filter(username="nora").exists()


def test_a_role_that_changes_ends_sessions(admin: User, as_user: AsUser) -> None:
    sue = User.objects.create_user("sue", password="a long enough secret")
    group = Group.objects.get_or_create(name="Support")[0]
    client = logged_in("sue", "a long enough secret")
    sent = {"username": "sue", "is_active": "on", "groups": [group.pk]}
    as_user(admin).post(f"/admin/auth/user/{sue.pk}/change/", sent)
    assert sue.groups.get() == group
    assert client.get("/account/").status_code == 302
    told = AuditEntry.objects.get(verb="change account")
    assert (told.subject, (told.after or {})["to"]) == ("sue", "support")


def test_sessions_and_second_factors_are_ended_for_others(admin: User, as_user: AsUser) -> None:
    sue = User.objects.create_user("sue", password="a long enough secret")
    client = logged_in("sue", "a long enough secret")
    page = as_user(admin).get("/admin/usersessions/usersession/").content.decode()
    assert client.cookies[settings.SESSION_COOKIE_NAME].value not in page
    found = UserSession.objects.get(user=sue)
    sent = {"action": "end", "_selected_action": [found.pk]}
    as_user(admin).post("/admin/usersessions/usersession/", sent)
    assert client.get("/account/").status_code == 302
    TOTP.activate(sue, "JBSWY3DPEHPK3PXP")
    sent = {"action": "reset_second_factor", "_selected_action": [sue.pk]}
    as_user(admin).post("/admin/auth/user/", sent)
    assert logged_in("sue", "a long enough secret").get("/account/").status_code == 200


def test_a_token_of_somebody_is_revoked(admin: User, owner: User, as_user: AsUser) -> None:
    token = mint(owner, "old script", ["read"]).token
    sent = {"action": "revoke", "_selected_action": [str(token.pk)]}
    as_user(admin).post("/admin/executions/apitoken/", sent)
    token.refresh_from_db()
    assert token.revoked_at is not None


def test_settings_are_shown_without_what_is_secret(
    admin: User, as_user: AsUser, settings: object
) -> None:
    settings.STIGMER_METRICS_TOKEN = "hush-hush"  # type: ignore[attr-defined]
    page = as_user(admin).get("/admin/settings/").content.decode()
    assert "STIGMER_IDLE_SECONDS" in page and "hush-hush" not in page
    assert str(settings.SECRET_KEY) not in page  # type: ignore[attr-defined]


def test_a_shell_helps_who_lost_a_password_or_a_second_factor(
    owner: User, client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    TOTP.activate(owner, "JBSWY3DPEHPK3PXP")
    reset_mfa("olga")
    capsys.readouterr()
    reset_link("olga")
    path = "/" + capsys.readouterr().out.strip().split("/", 3)[3]
    form = client.get(path, follow=True)
    where = form.redirect_chain[-1][0]
    words = {"password1": "four words in a row", "password2": "four words in a row"}
    assert client.post(where, words).status_code == 302
    assert logged_in("olga", "four words in a row").get("/account/").status_code == 200
    assert b"does not work" in Client().get(path, follow=True).content
    verbs = set(AuditEntry.objects.values_list("verb", flat=True))
    assert verbs >= {"make reset link", "reset second factor", "change password"}


def test_an_identity_of_the_sign_on_is_ended_and_never_made_by_hand(
    admin: User, owner: User, as_user: AsUser
) -> None:
    tied = SocialAccount.objects.create(user=owner, provider="openid_connect", uid="olga-at-work")
    theirs, client = logged_in("olga", "secret-olga"), as_user(admin)
    place = reverse("admin:socialaccount_socialaccount_change", args=[tied.pk])
    assert "olga-at-work" in client.get(place).content.decode()
    assert client.post(place, {"user": admin.pk}).status_code == 403
    client.post(place.replace("/change/", "/delete/"), {"post": "yes"})
    assert not SocialAccount.objects.exists()
    assert theirs.get("/inbox/").status_code == 302  # to the log-in
    entry = AuditEntry.objects.get(verb="end sign-on")
    assert entry.actor == admin and entry.after["uid"] == "olga-at-work"
