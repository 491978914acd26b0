"""The page of notices: channels made, tried, given rules, turned off."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from executions.models import Channel, Execution, Sending

pytestmark = pytest.mark.database
As = Callable[[User], Client]
HOOK = {"kind": "webhook", "name": "chat", "address": "https://example.org/in"}


def test_a_channel_is_made_tried_and_turned_off(alice: User, as_: As) -> None:
    client = as_(alice)
    assert client.post("/settings/notices/", HOOK).status_code == 302
    channel = Channel.objects.get()
    assert channel.owner == alice
    page = f"/settings/notices/{channel.public_id}/"
    assert client.post(f"{page}test").status_code == 302
    shown = client.get(page).content.decode()
    assert "This is a test of the channel chat" in shown and "data-polls" in shown
    client.post(f"{page}off")
    refused = client.post(f"{page}test")
    assert refused.status_code == 409 and "Turn it on first" in refused.content.decode()
    client.post(f"{page}on")
    channel.refresh_from_db()
    assert channel.is_active
    client.post(f"{page}delete")
    assert not Channel.objects.exists() and not Sending.objects.exists()


def test_rules_are_kept_and_a_workflow_is_muted_by_a_button(
    failed: Execution, alice: User, as_: As
) -> None:
    client = as_(alice)
    client.post("/settings/notices/", HOOK)
    channel = Channel.objects.get()
    page = f"/settings/notices/{channel.public_id}/"
    rules = {"rhythm": "daily", "type": ["WORKFLOW_STEP_FAILED"]}
    assert client.post(page, rules).status_code == 302
    assert failed.workflow is not None
    client.post(f"{page}mute", {"subject": failed.workflow.public_id})
    channel.refresh_from_db()
    assert (channel.rhythm, channel.types) == ("daily", ["WORKFLOW_STEP_FAILED"])
    assert channel.muted == [failed.workflow.public_id]
    assert client.post(f"{page}mute", {"subject": "wfl-nothing"}).status_code == 400


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"address": "ftp://example.org"}, "http"),
        ({"name": "a b"}, "Letters"),
        ({"kind": "mail", "address": ""}, "STIGMER_MAIL_URL"),
        ({"kind": "events"}, "administrators"),
        ({"of_server": "yes"}, "Only administrators"),
        ({"rhythm": "often"}, "often"),
    ],
)
def test_what_cannot_be_is_said_and_kept_in_the_form(
    change: dict[str, str], words: str, alice: User, as_: As
) -> None:
    answer = as_(alice).post("/settings/notices/", {**HOOK, **change})
    assert answer.status_code in (400, 403)
    page = answer.content.decode()
    assert words in page and 'value="' + {**HOOK, **change}["name"] + '"' in page
    assert not Channel.objects.exists()


def test_support_sees_those_of_the_server_and_changes_nothing(
    admin: User, support: User, as_: As
) -> None:
    as_(admin).post("/settings/notices/", {**HOOK, "of_server": "yes"})
    channel = Channel.objects.get()
    assert channel.owner is None
    page = f"/settings/notices/{channel.public_id}/"
    shown = as_(support).get(page)
    assert shown.status_code == 200 and "Send a test" not in shown.content.decode()
    assert as_(support).post(f"{page}off").status_code == 403
    channel.refresh_from_db()
    assert channel.is_active
