"""Somebody else has the cookie of a session: what they can do with it, and how it ends."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from executions.accounts.confirming import KEY
from executions.models import ApiToken

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough secret"


@pytest.fixture(autouse=True)
def fresh(redis_client: Any) -> None:
    """The buckets of tries are empty."""


@pytest.fixture
def owner(client: Client) -> Client:
    """Alice's browser, where she has logged in."""
    User.objects.create_user("alice", "alice@example.org", PASSWORD)
    client.post("/log-in", {"username": "alice", "password": PASSWORD})
    assert is_in(client)
    return client


def is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def thief_of(owner: Client) -> Client:
    """Another browser with the same cookie."""
    thief = Client()
    name = settings.SESSION_COOKIE_NAME
    thief.cookies[name] = owner.cookies[name].value
    return thief


def later(client: Client) -> None:
    """The last proof of who this is was an hour ago."""
    session = client.session
    session[KEY] = time.time() - 3600
    session.save()


def test_the_cookie_is_not_for_scripts_nor_for_other_sites(owner: Client) -> None:
    cookie = owner.cookies[settings.SESSION_COOKIE_NAME]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_a_log_out_ends_it_for_the_thief(owner: Client) -> None:
    thief = thief_of(owner)
    assert is_in(thief)
    owner.post("/log-out")
    assert not is_in(thief)


def test_a_new_password_ends_it_for_the_thief(owner: Client) -> None:
    thief = thief_of(owner)
    new = {"oldpassword": PASSWORD, "password1": "another long secret"}
    answer = owner.post("/account/password", {**new, "password2": "another long secret"})
    assert answer.status_code == 302
    assert is_in(owner)
    assert not is_in(thief)


def test_a_confirmation_of_the_owner_ends_it_for_the_thief(owner: Client) -> None:
    thief = thief_of(owner)
    later(owner)
    assert owner.post("/account/confirm", {"password": PASSWORD}).status_code == 302
    assert is_in(owner)
    assert not is_in(thief)


@pytest.mark.parametrize(
    "address",
    ["/account/second-factor/app", "/account/password/set", "/tokens/"],
)
def test_an_older_session_changes_nothing_that_proves_who_somebody_is(
    owner: Client, address: str
) -> None:
    later(owner)
    answer = thief_of(owner).post(address, {"name": "mine", "scopes": "read", "days": "30"})
    assert answer.status_code in (302, 403)
    assert User.objects.get().check_password(PASSWORD)
    assert not ApiToken.objects.exists()


def test_a_session_that_was_there_before_the_log_in_is_not_taken_over(client: Client) -> None:
    User.objects.create_user("alice", "alice@example.org", PASSWORD)
    client.get("/log-in")
    planted = "0123456789abcdefghijklmnopqrstuv"
    client.cookies[settings.SESSION_COOKIE_NAME] = planted
    client.post("/log-in", {"username": "alice", "password": PASSWORD})
    assert client.cookies[settings.SESSION_COOKIE_NAME].value != planted
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = planted
    assert not is_in(thief)


def test_a_made_up_key_opens_nothing(owner: Client) -> None:
    thief = Client()
    for key in ("", "x", owner.cookies[settings.SESSION_COOKIE_NAME].value.swapcase(), "a" * 4000):
        thief.cookies[settings.SESSION_COOKIE_NAME] = key
        assert not is_in(thief)
