"""A viewer looks: at every door whatever changes something is refused."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from executions import policy, tokens
from executions.api.build import api
from executions.api.credentials import Caller
from executions.errors import Refused
from executions.toolbox.tools import tools_for
from tests.people import viewer

pytestmark = pytest.mark.django_db


def names(resolver: URLResolver) -> set[str]:
    found: set[str] = set()
    for each in resolver.url_patterns:
        if isinstance(each, URLPattern):
            found.add(each.name or "")
        elif isinstance(each, URLResolver):
            found |= names(each)
    return found


def test_the_addresses_of_the_own_account_exist():
    assert not policy.OWN_ACCOUNT - names(get_resolver())


def test_no_operation_of_the_api_changes_a_thing_for_whoever_only_reads():
    """Of what is no question, the scope ``read`` opens what is the caller's own, a token and the
    settings, and a replay, which writes nothing.
    """
    changing = set()
    for _, operation in api.operations():
        (auth,) = operation.auth_callbacks
        assert isinstance(auth, Caller)
        if operation.methods != ["GET"] and auth.scope == "read":
            changing.add(operation.operation_id)
    assert changing == {"revoke-token", "change-settings", "replay-agent-execution"}


def test_a_token_of_a_viewer_reads():
    vera = viewer()
    with pytest.raises(Refused, match="scope read alone"):
        tokens.mint(vera, "a script", ["read", "act"])
    token = tokens.mint(vera, "a script", ["read"]).token
    # Made before the owner became a viewer.
    token.scopes = ["admin", "decide"]
    assert [scope for scope in tokens.SCOPES if tokens.allows(token, scope)] == ["read"]
    assert {row.scope for row in tools_for(token).values()} == {"read"}


@pytest.mark.parametrize("address", ["/workflows/apply", "/nowhere", "/events/sources/"])
def test_a_form_is_refused_and_says_why(address):
    client = Client()
    client.force_login(viewer())
    response = client.post(address, {"source": "x"})
    assert response.status_code == 403
    assert policy.LOOK_ONLY in response.content.decode()


def test_a_session_at_the_api_reads():
    client = Client()
    client.force_login(viewer())
    assert client.get("/api/v1/me").json()["role"] == "viewer"
    assert client.post("/api/v1/workflows/orders/run", {}, "application/json").status_code == 403
