"""The pages of agents: talking to one, and going on with a conversation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from dashboard.queries import agents
from executions.intake.agents import apply_agent
from executions.intake.start import start_agent
from executions.models import Agent, Execution, LanguageModel, McpServer
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
    assert ">1 run<" in text_of(client, "/agents/")


def test_conversations_with_all_agents_are_listed_to_those_who_may_see_them(
    agent: Agent, alice: User, bob: User, admin: User, as_: As, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = apply_agent(TEXT.replace("helper", "adviser"), bob).agent
    client = as_(alice)
    for number, message in enumerate(("Green tea?", "Black <b>tea</b>?")):
        client.post(f"/agents/{agent.public_id}/talk", {"message": message, "key": f"{number:032}"})
    as_(bob).post(f"/agents/{other.public_id}/talk", {"message": "Coffee?", "key": KEY})
    first, second = Execution.objects.filter(owner=alice).order_by("pk")
    page = text_of(client, "/agents/conversations")
    assert page.index(second.public_id) < page.index(first.public_id)
    assert "Black &lt;b&gt;tea&lt;/b&gt;?" in page and "helper" in page
    assert "Coffee?" not in page and "adviser" not in page
    assert "Coffee?" in text_of(as_(admin), "/agents/conversations")
    # A page at a time.
    monkeypatch.setattr(agents, "PAGE", 1)
    page = text_of(client, "/agents/conversations")
    assert "Green tea?" not in page and second.session is not None
    older = f"/agents/conversations?before={second.session.public_id}"
    assert f"?before={second.session.public_id}" in page
    page = text_of(client, older)
    assert "Green tea?" in page and "Black" not in page and "Older" not in page


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


def test_an_agent_that_runs_commands_is_talked_to_in_another_workspace(
    agent: Agent, alice: User, as_: As, settings: Any
) -> None:
    settings.STIGMER_REPOSITORIES = {"shop": "https://git.example.org/shop.git"}
    client, address = as_(alice), f"/agents/{agent.public_id}/"
    assert "run-workspace" not in text_of(client, address), "it runs no commands"
    apply_agent(TEXT + "tools: [{command: true}]\nworkspace: temporary\n", alice)
    page = text_of(client, address)
    assert "As the definition says: a temporary folder" in page and "runs a command" in page
    sent = {"message": "Mend it.", "key": KEY, "workspace": "git elsewhere"}
    refused = client.post(f"{address}talk", sent)
    assert refused.status_code == 400 and "may not be fetched" in refused.content.decode()
    sent |= {"workspace": "git shop", "base": "main"}
    assert client.post(f"{address}talk", sent).status_code == 302
    own = {"git": {"repository": "shop", "base": "main"}}
    assert Execution.objects.get().own_workspace == own


def test_its_page_says_what_its_tools_are_how_far_they_reach_and_what_runs_used(
    agent: Agent, alice: User, as_: As, drive: Callable[[Execution], Execution], demo: Demo
) -> None:
    McpServer.objects.create(name="files", transport="stdio", command="files")
    more = "tools: [to_dos, demo.shop.stock, {mcp: files}, ask_a_person]\nhosts: [a.example]\n"
    apply_agent(TEXT + more, alice)
    page = text_of(as_(alice), f"/agents/{agent.public_id}/")
    assert "keeps a list of what is to be done" in page and "a.example" in page
    assert "put them there: demo.shop.stock, files" in page
    assert "Used by the newest completed runs" not in page
    apply_agent(TEXT, alice)
    demo.plays({"say": "Tea.", "usage": {"input_tokens": 1_200, "output_tokens": 34}})
    assert drive(start_agent(agent, alice, message="What?")).phase == "COMPLETED"
    page = text_of(as_(alice), f"/agents/{agent.public_id}/")
    assert "1,200 tokens in, 34 out" in page and "not known" in page
    # A run that others may not see counts for its owner alone.
    other = User.objects.create_user("olga", password="secret-olga")
    assert "1,200 tokens in" not in text_of(as_(other), f"/agents/{agent.public_id}/")
