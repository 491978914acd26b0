from __future__ import annotations

import re
from collections.abc import Callable

from django.contrib.auth.models import User
from django.test import Client

from executions.models import ApiToken
from executions.tokens import recognise

As = Callable[[User], Client]


def test_a_token_is_shown_once_and_opens_the_api(alice: User, as_: As) -> None:
    client = as_(alice)
    made = client.post(
        "/tokens/", {"name": "nightly", "scope": ["read", "run"], "days": "30"}
    ).content.decode()
    secret = re.search(r"stg_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}", made)
    assert secret is not None
    token = recognise(secret[0])
    assert token is not None and token.owner == alice and token.scopes == ["read", "run"]
    assert secret[0] not in client.get("/tokens/").content.decode()


def test_a_revoked_token_opens_nothing(alice: User, as_: As) -> None:
    client = as_(alice)
    client.post("/tokens/", {"name": "nightly", "scope": ["read"], "days": "0"})
    token = ApiToken.objects.get()
    assert token.expires_at is None
    client.post(f"/tokens/{token.public_id}/revoke")
    assert not ApiToken.objects.usable().exists()
    assert "revoked" in client.get("/tokens/").content.decode()


def test_what_is_not_allowed_is_explained_and_kept_in_the_form(alice: User, as_: As) -> None:
    client = as_(alice)
    response = client.post("/tokens/", {"name": "all", "scope": ["admin"], "days": "30"})
    assert response.status_code == 400
    assert (
        "administrator" in response.content.decode() and 'value="all"' in response.content.decode()
    )
    assert client.post("/tokens/", {"name": "", "scope": ["read"]}).status_code == 400
    assert client.post("/tokens/", {"name": "none"}).status_code == 400
    assert not ApiToken.objects.exists()


def test_only_administrators_are_offered_their_scope(alice: User, admin: User, as_: As) -> None:
    assert 'value="admin"' not in as_(alice).get("/tokens/").content.decode()
    assert 'value="admin"' in as_(admin).get("/tokens/").content.decode()
