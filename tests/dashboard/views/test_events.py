"""The page of events, and what a run's page says while it listens."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from executions.inbound import keeping
from executions.intake.apply import apply_definition
from executions.intake.start import start
from tests.dashboard.conftest import HEAD
from tests.driving.crashing import drive_on

pytestmark = [pytest.mark.database, pytest.mark.django_db]
EVENT = {"specversion": "1.0", "type": "com.shop.<b>order", "source": "/shop", "id": "77"}
LISTENS = """do:
- hear:
    listen:
      to: {one: {with: {type: com.shop.picked, data: {order: '${ .order }'}}}}
"""


def test_a_person_sees_what_their_runs_may_hear(client: Client, alice: User, bob: User) -> None:
    client.force_login(alice)
    assert "No events yet" in text_of(client, "/events/")
    keeping.keep([EVENT], alice.pk)
    keeping.keep([{**EVENT, "type": "com.foreign"}], bob.pk)
    page = text_of(client, "/events/")
    assert "com.shop.&lt;b&gt;order" in page
    assert "com.foreign" not in page


def text_of(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_a_run_that_listens_says_to_what(client: Client, alice: User) -> None:
    workflow = apply_definition(HEAD % "listens" + LISTENS, alice).workflow
    execution = drive_on(start(workflow, alice, input={"order": "<i>17"}))
    client.force_login(alice)
    page = text_of(client, f"/executions/{execution.public_id}/")
    assert "com.shop.picked" in page
    assert "data.order" in page
    assert "&lt;i&gt;17" in page
    assert "<i>17" not in page
