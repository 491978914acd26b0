"""What every page has in common."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from executions.models import AuditEntry, Execution

pytestmark = pytest.mark.database
As = Callable[[User], Client]


@pytest.mark.parametrize(
    "address", ["/executions/?workflow=%00&owner=a%00&q=%00", "/workflows/?q=%00", "/attention/?kind=%00&before=%00"]
)
def test_a_nul_in_an_address_means_nothing(address: str, failed: Execution, admin: User, as_: As) -> None:
    assert as_(admin).get(address).status_code == 200


def test_a_nul_in_a_form_means_nothing(failed: Execution, alice: User, as_: As) -> None:
    client = as_(alice)
    sent = {"seq": failed.head_seq, "reason": "till\x00 refilled"}
    assert client.post(f"/executions/{failed.public_id}/do/retry", sent).status_code == 302
    assert AuditEntry.objects.get(verb="retry").reason == "till refilled"
    made = client.post("/tokens/", {"name": "a\x00b", "scope": ["read"], "days": "7"})
    assert made.status_code == 200 and alice.api_tokens.get().name == "ab"
