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
    "address",
    [
        "/executions/?workflow=%00&owner=a%00&q=%00",
        "/workflows/?q=%00",
        "/attention/?kind=%00&before=%00",
    ],
)
def test_a_nul_in_an_address_means_nothing(
    address: str, failed: Execution, admin: User, as_: As
) -> None:
    assert as_(admin).get(address).status_code == 200


def test_a_nul_in_a_form_means_nothing(failed: Execution, alice: User, as_: As) -> None:
    client = as_(alice)
    sent = {"seq": failed.head_seq, "reason": "till\x00 refilled"}
    assert client.post(f"/executions/{failed.public_id}/do/retry", sent).status_code == 302
    assert AuditEntry.objects.get(verb="retry").reason == "till refilled"
    made = client.post("/tokens/", {"name": "a\x00b", "scope": ["read"], "days": "7"})
    assert made.status_code == 200 and alice.api_tokens.get().name == "ab"


def test_a_run_shows_what_it_started_and_what_started_it(
    begin: Callable[..., Execution], alice: User, as_: As
) -> None:
    parent, child, other = begin(), begin(), begin()
    Execution.objects.filter(pk=child.pk).update(parent=parent, is_awaited=True)
    client = as_(alice)
    page = client.get(f"/executions/{parent.public_id}/").content.decode()
    listed = page.partition("Runs that it started")[2].partition("</section>")[0]
    assert f"/executions/{child.public_id}/" in listed
    assert other.public_id not in listed
    page = client.get(f"/executions/{child.public_id}/").content.decode()
    assert f'started by <a href="/executions/{parent.public_id}/">' in page
    assert "Runs that it started</h3>" not in page
