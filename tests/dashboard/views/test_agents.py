"""The pages of agents: talking to one, and going on with a conversation."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from executions.intake.agents import apply_agent
from executions.models import Agent, Execution, LanguageModel
from tests.agents.conftest import Demo, demo, no_mind_is_left, patient

__all__ = ["demo", "no_mind_is_left", "patient"]
pytestmark = [
    pytest.mark.database,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("worker"),
]
As = Callable[[User], Client]
KEY = "0" * 32
TEXT = """
kind: Agent
name: helper
description: Helps <b>everybody</b>.
instructions: Answer in one sentence.
model: demo
"""


@pytest.fixture
def agent(demo: Demo, alice: User) -> Agent:
    LanguageModel.objects.create(
        name="demo", address=f"{demo.server.address}v1", remote_name="demo", silence_seconds=20
    )
    return apply_agent(TEXT, alice).agent


def text_of(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_an_agent_is_listed_and_found_by_its_description(agent: Agent, bob: User, as_: As) -> None:
    listed = text_of(as_(bob), "/agents/?q=EVERYBODY")
    assert f'href="/agents/{agent.public_id}/"' in listed and "&lt;b&gt;" in listed
    assert "None match" in text_of(as_(bob), "/agents/?q=nobody")


def test_a_message_starts_one_run_though_it_is_sent_twice(
    agent: Agent, alice: User, as_: As
) -> None:
    client, sent = as_(alice), {"message": " What is there? ", "key": KEY}
    first, second = (client.post(f"/agents/{agent.public_id}/talk", sent) for _ in range(2))
    assert first.status_code == 302, first.content.decode()
    execution = Execution.objects.get()
    assert execution.input == {"message": "What is there?"}
    page = f"/executions/{execution.public_id}/conversation"
    assert first.headers["Location"] == second.headers["Location"] == page
    assert execution.session is not None and execution.session.subject == "What is there?"
    assert page in text_of(client, f"/agents/{agent.public_id}/")


def test_the_mark_of_another_form_is_refused_and_what_was_typed_is_kept(
    agent: Agent, alice: User, as_: As
) -> None:
    client = as_(alice)
    client.post(f"/agents/{agent.public_id}/talk", {"message": "one", "key": KEY})
    address = f"/executions/{Execution.objects.get().public_id}/reply"
    response = client.post(address, {"message": "And two?", "key": KEY})
    assert response.status_code == 409 and "And two?" in response.content.decode()
    assert Execution.objects.count() == 1


@pytest.mark.parametrize("message", ["", "  ", "x" * 20_001])
def test_a_message_that_is_none_or_too_long_is_refused_and_kept(
    message: str, agent: Agent, alice: User, as_: As
) -> None:
    response = as_(alice).post(f"/agents/{agent.public_id}/talk", {"message": message})
    assert response.status_code == 400
    assert not Execution.objects.exists()
    assert message.strip() in response.content.decode()
