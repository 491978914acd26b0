"""The life of a token: made, shown once, used, expired, revoked."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from executions import tokens
from executions.errors import Refused
from executions.models import ApiToken

pytestmark = pytest.mark.database


@pytest.fixture
def alice(db: None) -> User:
    return User.objects.create_user("alice")


def test_a_token_opens_for_its_owner_and_only_its_digest_is_kept(alice: User) -> None:
    minted = tokens.mint(alice, "CI", ["run"])
    found = tokens.recognise(minted.secret)
    assert found is not None and found.owner == alice
    row = ApiToken.objects.get()
    assert minted.secret not in str(vars(row))
    assert minted.secret.endswith(row.last_characters)
    assert row.last_used_at is not None


@pytest.mark.parametrize("change", ["expired", "revoked", "dismissed"])
def test_one_that_is_over_opens_nothing(alice: User, change: str) -> None:
    minted = tokens.mint(alice, "CI", ["read"])
    if change == "expired":
        ApiToken.objects.update(expires_at=timezone.now())
    elif change == "revoked":
        tokens.revoke(minted.token)
    else:
        User.objects.update(is_active=False)
    assert tokens.recognise(minted.secret) is None


def test_a_misspelt_one_is_known_by_its_checksum(alice: User) -> None:
    secret = tokens.mint(alice, "CI", ["read"]).secret
    other = "a" if secret[10] != "a" else "b"
    assert tokens.is_well_formed(secret)
    assert not tokens.is_well_formed(secret[:10] + other + secret[11:])
    assert not tokens.is_well_formed("stg_short_000000")


@pytest.mark.parametrize(
    "given, allowed",
    [
        ("read", {"read"}),
        ("run", {"run", "read"}),
        ("act", {"act", "read"}),
        ("admin", {"read", "run", "act", "admin"}),
    ],
)
def test_what_each_scope_allows(given: str, allowed: set[str]) -> None:
    token = ApiToken(scopes=[given], owner=User(username="ada"))
    assert {scope for scope in tokens.SCOPES if tokens.allows(token, scope)} == allowed


@pytest.mark.parametrize(
    "name, scopes, days, code",
    [
        ("", ["read"], 1, "invalid"),
        ("x", [], 1, "invalid"),
        ("x", ["everything"], 1, "invalid"),
        ("x", ["read"], 0, "invalid"),
        ("x", ["admin"], 1, "forbidden"),
    ],
)
def test_what_cannot_be_made_is_refused(
    alice: User, name: str, scopes: list[str], days: int, code: str
) -> None:
    with pytest.raises(Refused) as refused:
        tokens.mint(alice, name, scopes, days=days)
    assert refused.value.code == code
    assert not ApiToken.objects.exists()


def test_it_lives_for_ninety_days_unless_told_otherwise(alice: User) -> None:
    expires_at = tokens.mint(alice, "CI", ["read"]).token.expires_at
    assert expires_at is not None and timedelta(days=89) < expires_at - timezone.now() <= timedelta(
        days=90
    )
    assert tokens.mint(alice, "robot", ["read"], days=None).token.expires_at is None
