"""The own account: passwords, second factors, sessions; and what guesses and steals at them."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from dashboard.accounts.urls import urlpatterns
from executions.accounts.confirming import KEY
from executions.models import AuditEntry, InitialPassword

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough secret"


@pytest.fixture(autouse=True)
def fresh(redis_client: Any) -> None:
    """The buckets of tries are empty."""


@pytest.fixture
def alice() -> User:
    return User.objects.create_user("alice", "alice@example.org", PASSWORD)


def log_in(client: Client, password: str = PASSWORD, **more: str) -> Any:
    return client.post("/log-in", {"username": "alice", "password": password, **more})


def is_logged_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def age(client: Client, seconds: float = 3600) -> None:
    """As if the last proof were so long ago."""
    session = client.session
    session[KEY] = time.time() - seconds
    session.save()


def with_app(user: User) -> str:
    TOTP.activate(user, "JBSWY3DPEHPK3PXP")
    RecoveryCodes.activate(user)
    return "JBSWY3DPEHPK3PXP"


def code(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))


def test_a_log_in_begins_a_session_with_another_key(alice: User, client: Client) -> None:
    client.get("/log-in")
    session = client.session
    session["planted"] = "by a thief"
    session.save()
    planted = str(session.session_key)
    client.cookies[settings.SESSION_COOKIE_NAME] = planted
    assert log_in(client).status_code == 302
    key = client.cookies[settings.SESSION_COOKIE_NAME].value
    assert key != planted
    assert not Session.objects.filter(session_key=planted).exists()
    assert UserSession.objects.get().session_key == key


def test_a_log_out_says_that_the_browser_forgets(alice: User, client: Client) -> None:
    log_in(client)
    stolen = client.cookies[settings.SESSION_COOKIE_NAME].value
    answer = client.post("/log-out")
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = stolen
    assert not is_logged_in(thief)


def test_a_second_factor_is_asked_for_before_the_session(alice: User, client: Client) -> None:
    secret = with_app(alice)
    answer = log_in(client, next="/workflows/")
    assert answer["Location"] == reverse("mfa_authenticate")
    assert not is_logged_in(client)
    page = client.get(answer["Location"]).content.decode()
    assert 'class="input"' in page and "one-time-code" in page
    assert client.post(answer["Location"], {"code": "000000"}).status_code == 200
    assert not is_logged_in(client)
    done = client.post(answer["Location"], {"code": code(secret)})
    assert done["Location"] == "/workflows/"
    assert is_logged_in(client)


def test_codes_are_guessed_as_rarely_as_passwords(alice: User, client: Client) -> None:
    with_app(alice)
    log_in(client)
    tries = [client.post("/account/second-factor/code", {"code": "000000"}) for _ in range(7)]
    assert [answer.status_code for answer in tries].count(429) >= 1
    assert "Try again in" in tries[-1].content.decode()


def test_a_seed_is_kept_sealed(alice: User) -> None:
    secret = with_app(alice)
    kept = Authenticator.objects.get(user=alice, type="totp").data["secret"]
    assert secret not in kept
    assert Authenticator.objects.get(user=alice, type="totp").wrap().validate_code(code(secret))


@pytest.mark.django_db(transaction=True)
def test_an_app_is_set_up_and_codes_are_shown_once(alice: User, client: Client) -> None:
    log_in(client)
    page = client.get("/account/second-factor/app")
    secret = page.context["form"].secret
    assert "data:image/svg+xml" in page.content.decode()
    answer = client.post("/account/second-factor/app", {"code": code(secret)})
    assert answer["Location"] == reverse("mfa_view_recovery_codes")
    shown = client.get(answer["Location"]).content.decode()
    codes = re.findall(r"\b\d{8}\b", shown)
    assert len(codes) == 10
    assert not re.findall(r"\b\d{8}\b", client.get(answer["Location"]).content.decode())
    client.post("/log-out")
    log_in(client)
    assert client.post("/account/second-factor/code", {"code": codes[0]}).status_code == 302
    client.post("/log-out")
    log_in(client)
    assert client.post("/account/second-factor/code", {"code": codes[0]}).status_code == 200
    assert set(AuditEntry.objects.values_list("verb", flat=True)) >= {"add second factor"}


def test_what_is_delicate_asks_for_the_password_once_more(alice: User, client: Client) -> None:
    log_in(client)
    assert client.get("/account/second-factor/app").status_code == 200
    age(client)
    answer = client.get("/account/second-factor/app")
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_reauthenticate"))
    wrong = client.post(answer["Location"], {"password": "not that one"})
    assert wrong.status_code == 200
    right = client.post(answer["Location"], {"password": PASSWORD})
    assert right["Location"] == "/account/second-factor/app"
    assert client.get("/account/second-factor/app").status_code == 200


def test_a_token_is_made_just_after_a_log_in(alice: User, client: Client) -> None:
    log_in(client)
    sent = {"name": "script", "scope": ["read"], "days": "7"}
    assert client.post("/tokens/", sent).status_code == 200
    age(client)
    answer = client.post("/tokens/", sent)
    assert answer["Location"] == reverse("account_reauthenticate") + "?next=%2Ftokens%2F"
    body = {"name": "script", "scopes": ["read"]}
    refused = client.post("/api/v1/tokens", body, "application/json")
    assert refused.status_code == 403
    assert "within the last 15 minutes" in refused.content.decode()
    assert alice.api_tokens.count() == 1


def test_a_new_password_ends_other_sessions_and_is_no_weak_one(alice: User, client: Client) -> None:
    other = Client()
    log_in(client)
    log_in(other)
    for weak in ("short", "password1234", "alice@example.org", "123456789012"):
        sent = {"oldpassword": PASSWORD, "password1": weak, "password2": weak}
        assert client.post("/account/password", sent).status_code == 200
    assert (
        client.post(
            "/account/password",
            {
                "oldpassword": "x" * 12,
                "password1": "four words in a row",
                "password2": "four words in a row",
            },
        ).status_code
        == 200
    )
    assert alice.check_password(PASSWORD)
    sent = {
        "oldpassword": PASSWORD,
        "password1": "four words in a row",
        "password2": "four words in a row",
    }
    assert client.post("/account/password", sent).status_code == 302
    assert is_logged_in(client) and not is_logged_in(other)


def test_sessions_are_listed_and_ended(alice: User, client: Client) -> None:
    other, third = Client(HTTP_USER_AGENT="Other browser"), Client()
    for each in (client, other, third):
        log_in(each)
    page = client.get("/account/sessions").content.decode()
    assert "Other browser" in page and "this one" in page
    key = other.cookies[settings.SESSION_COOKIE_NAME].value
    found = UserSession.objects.get(session_key=key)
    bob = Client()
    User.objects.create_user("bob", password=PASSWORD)
    bob.post("/log-in", {"username": "bob", "password": PASSWORD})
    assert bob.post(f"/account/sessions/{found.pk}/end").status_code == 404
    client.post(f"/account/sessions/{found.pk}/end")
    assert not is_logged_in(other) and is_logged_in(third)
    client.post("/account/sessions/end-others")
    assert not is_logged_in(third) and is_logged_in(client)


def test_a_session_that_nobody_uses_ends(alice: User, client: Client, settings: Any) -> None:
    settings.STIGMER_IDLE_SECONDS = 3600
    log_in(client)
    assert 3500 < client.session.get_expiry_age() <= 3600
    # Near its longest life it is not prolonged beyond that.
    session = client.session
    session["began_at"] = time.time() - settings.SESSION_COOKIE_AGE + 60
    session["seen_at"] = time.time() - 120
    session.save()
    client.get("/account/")
    assert client.session.get_expiry_age() <= 60
    # An open page that asks by itself keeps no session open.
    session = client.session
    session["seen_at"] = before = time.time() - 120
    session.save()
    client.get("/executions/new-count")
    assert client.session["seen_at"] == before


def test_an_initial_password_is_changed_before_anything_else(alice: User, client: Client) -> None:
    InitialPassword.objects.create(user=alice)
    assert log_in(client)["Location"] == "/"
    for address in ("/", "/executions/", "/api/v1/me", "/admin/"):
        assert client.get(address)["Location"] == reverse("account_change_password")
    sent = {
        "oldpassword": PASSWORD,
        "password1": "four words in a row",
        "password2": "four words in a row",
    }
    client.post("/account/password", sent)
    assert client.get("/").status_code == 200
    assert not InitialPassword.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("asked", ["staff", "all"])
def test_a_second_factor_is_set_up_where_it_is_asked_for(
    asked: str, alice: User, client: Client, settings: Any
) -> None:
    settings.STIGMER_SECOND_FACTOR = asked
    if asked == "staff":
        log_in(client)
        assert client.get("/").status_code == 200
        User.objects.filter(pk=alice.pk).update(is_superuser=True)
        client.post("/log-out")
    log_in(client)
    assert client.get("/")["Location"] == reverse("mfa_index")
    page = client.get("/account/second-factor/app")
    client.post("/account/second-factor/app", {"code": code(page.context["form"].secret)})
    assert client.get("/").status_code == 200


def test_the_admins_door_asks_for_the_second_factor_too(alice: User, client: Client) -> None:
    User.objects.filter(pk=alice.pk).update(is_superuser=True, is_staff=True)
    with_app(alice)
    answer = client.post("/admin/login/", {"username": "alice", "password": PASSWORD})
    assert answer["Location"] == reverse("mfa_authenticate")
    assert client.get("/admin/").status_code == 302


def test_a_reset_does_not_go_round_the_second_factor(alice: User, client: Client) -> None:
    with_app(alice)
    key = default_token_generator.make_token(alice)
    path = f"/account/password/reset/{user_pk_to_url_str(alice)}-{key}/"
    where = client.get(path, follow=True).redirect_chain[-1][0]
    words = {"password1": "four words in a row", "password2": "four words in a row"}
    client.post(where, words)
    assert not is_logged_in(client)
    answer = log_in(client, "four words in a row")
    assert answer["Location"] == reverse("mfa_authenticate")


def test_a_confirmation_changes_the_key_of_the_session(alice: User, client: Client) -> None:
    log_in(client)
    before = client.cookies[settings.SESSION_COOKIE_NAME].value
    client.post("/account/confirm", {"password": PASSWORD})
    after = client.cookies[settings.SESSION_COOKIE_NAME].value
    assert before != after
    assert is_logged_in(client)
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = before
    assert not is_logged_in(thief)
    assert UserSession.objects.get().session_key == after


def test_fields_of_passwords_are_masked_and_known_to_password_managers(
    alice: User, client: Client
) -> None:
    pages = [client.get("/log-in").content.decode()]
    log_in(client)
    pages += [client.get(f"/account/{name}").content.decode() for name in ("password", "confirm")]
    fields = [field for page in pages for field in re.findall(r"<input[^>]*password[^>]*>", page)]
    assert len(fields) == 5
    for field in fields:
        assert 'type="password"' in field and "autocomplete=" in field and "paste" not in field


def test_a_long_password_counts_to_its_last_character(alice: User, client: Client) -> None:
    long = "A very long Password, with spaces and ümlauts. " * 3
    alice.set_password(long)
    alice.save()
    assert log_in(client, long[:-1]).status_code == 200
    assert log_in(client, long.lower()).status_code == 200
    assert log_in(client, long).status_code == 302


def test_the_method_trace_is_refused(alice: User, client: Client) -> None:
    log_in(client)
    for address in ("/", "/account/", "/api/v1/me"):
        answer = client.trace(address)
        assert answer.status_code in (403, 405), address
        assert PASSWORD.encode() not in answer.content


def test_nobody_signs_up(client: Client) -> None:
    for address in ("/account/sign-up", "/account/signup/", "/accounts/signup/"):
        assert client.get(address).status_code == 404
        assert client.post(address, {"username": "eve"}).status_code in (404, 405)
    assert not User.objects.exists()


# What somebody gets who is not logged in.
OPEN = {"login", "account_login", "account_reset_password", "account_reset_password_done"} | {
    "account_reset_password_from_key_done",
    "account_inactive",
}
WITH_KEY = {"provider_id": "sso", "pk": 1, "uidb36": "1", "key": "set-password"}


def test_every_address_of_an_account_is_for_those_who_are_logged_in(client: Client) -> None:
    for pattern in urlpatterns:
        taken = {name: WITH_KEY[name] for name in pattern.pattern.converters}
        if pattern.name == "account_reset_password_from_key":
            taken = {"uidb36": "1", "key": "x"}
        answer = client.get(reverse(str(pattern.name), kwargs=taken))
        if pattern.name in OPEN or pattern.name == "account_reset_password_from_key":
            assert answer.status_code in (200, 302), pattern.name
        else:
            assert answer.status_code in (302, 404, 405), pattern.name
            assert not answer.get("Location", "/log-in").startswith("/account/pass"), pattern.name
