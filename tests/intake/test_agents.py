"""Agents are applied by the same road as workflows; conversations with them."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from executions import policy
from executions.errors import Refused
from executions.intake.agents import apply_agent, create_session
from executions.intake.apply import apply_definition
from executions.language import DefinitionError
from executions.language.agent import is_agent
from executions.models import Agent, AgentInstance, Workflow
from tests.intake.conftest import AGENT, WORKFLOW

pytestmark = [pytest.mark.database, pytest.mark.django_db]
FULL = """
kind: Agent
name: PR Reviewer
description: Reviews changes
instructions: |
  Read the change and say what is wrong with it.
model: small
tools: [read, search]
mcp_servers:
- {name: files, transport: stdio, command: mcp-files, arguments: [--read-only]}
sub_agents:
- {name: security, instructions: Look for security problems only.}
environment:
  TOKEN: {secret: true, description: of the forge}
labels: {team: core}
tags: [review]
"""


def test_applying_the_same_text_twice_changes_nothing_and_another_text_is_version_two(
    alice: User,
) -> None:
    first, again = apply_agent(FULL, alice), apply_agent(FULL, alice)
    other = apply_agent(FULL + "skills: [git]\n", alice)
    assert [one.result for one in (first, again, other)] == ["created", "unchanged", "updated"]
    assert [one.version.number for one in (first, again, other)] == [1, 1, 2]
    assert first.agent.slug == "pr-reviewer"
    assert (other.agent.labels, other.agent.tags) == ({"team": "core"}, ["review"])
    assert Agent.objects.get().default_instance == AgentInstance.objects.get()


def test_applying_the_same_text_again_heals_the_default_instance(alice: User) -> None:
    agent = apply_agent(FULL, alice).agent
    Agent.objects.update(default_instance=None)
    assert apply_agent(FULL, alice).result == "unchanged"
    agent.refresh_from_db()
    assert agent.default_instance == AgentInstance.objects.get()


def test_an_agent_that_is_made_again_adopts_the_instance_that_is_there(alice: User) -> None:
    agent = Agent.objects.create(slug="pr-reviewer", name="PR Reviewer", owner=alice)
    left = AgentInstance.objects.create(agent=agent, slug="pr-reviewer-default")
    assert apply_agent(FULL, alice).agent.default_instance == left


def test_another_persons_agent_may_not_be_changed(alice: User, bob: User) -> None:
    apply_agent(FULL, alice)
    with pytest.raises(Refused, match="belongs to alice") as caught:
        apply_agent(FULL + "skills: [git]\n", bob)
    assert caught.value.code == "forbidden"


@pytest.mark.parametrize(
    ("text", "pointer", "said"),
    [
        ("name: x\ninstructions: short\n", "/instructions", "too short"),
        ("instructions: long enough to be one\n", "/name", "missing"),
        (
            "name: x\ninstructions: long enough to be one\ntool: [a]\n",
            "/tool",
            "did you mean `tools`",
        ),
        ("name: x\ninstructions: long enough to be one\nmodel: 5\n", "/model", "quotes"),
        ("- a\n", "", "has to be an object"),
        (
            (
                "name: x\ninstructions: long enough to be one\nmcp_servers: [{name: a, transport:"
                " http}]\n"
            ),
            "/mcp_servers/0",
            "needs `url`",
        ),
        (
            (
                "name: x\ninstructions: long enough to be one\nenvironment: {A: {secret: true,"
                " default: b}}\n"
            ),
            "/environment/A",
            "no `default`",
        ),
    ],
)
def test_each_mistake_is_named_with_its_place(
    alice: User, text: Any, pointer: Any, said: Any
) -> None:
    with pytest.raises(DefinitionError, match=said) as caught:
        apply_agent(text, alice)
    assert pointer in {problem.pointer for problem in caught.value.problems}
    assert not Agent.objects.exists()


def test_all_mistakes_are_named_at_once(alice: User) -> None:
    with pytest.raises(DefinitionError) as caught:
        apply_agent("name: ''\ninstructions: short\nmodell: x\n", alice)
    assert len(caught.value.problems) == 3


def test_a_name_without_a_letter_is_refused(alice: User) -> None:
    with pytest.raises(Refused, match="empty slug"):
        apply_agent(AGENT % "日本語", alice)


def test_agents_and_workflows_are_told_apart_by_their_text() -> None:
    assert is_agent(FULL)
    assert is_agent(AGENT % "x")
    assert not is_agent(WORKFLOW % "x")


@pytest.mark.django_db(transaction=True)
def test_two_who_apply_at_once_get_one_agent(alice: User, at_once: Any) -> None:
    found = at_once(8, lambda: apply_agent(FULL, alice).result)
    assert sorted(found) == ["created"] + ["unchanged"] * 7


@pytest.mark.django_db(transaction=True)
def test_texts_applied_at_once_get_numbers_of_their_own(alice: User, at_once: Any) -> None:
    apply_agent(FULL, alice)
    comments = iter(range(8))
    found = at_once(8, lambda: apply_agent(f"{FULL}# {next(comments)}\n", alice).version.number)
    assert sorted(found) == list(range(2, 10))


def test_conversations_are_listed_per_agent_for_who_may_see_them(
    agent: Agent, alice: User, bob: User
) -> None:
    mine, theirs = (
        create_session(agent, alice, subject="A change"),
        create_session(agent, bob, name="Other"),
    )
    assert list(policy.visible_sessions(alice).filter(agent=agent)) == [mine]
    assert list(policy.visible_sessions(bob).filter(agent=agent)) == [theirs]
    assert theirs.slug == "other"


def test_a_second_session_of_a_name_is_a_conflict_that_names_the_first(
    agent: Agent, alice: User
) -> None:
    first = create_session(agent, alice, name="Other")
    with pytest.raises(Refused, match=first.public_id) as caught:
        create_session(agent, alice, name="other")
    assert caught.value.code == "conflict"


@pytest.mark.django_db(transaction=True)
def test_workflows_applied_at_once_get_numbers_of_their_own(
    alice: User, workflow: Workflow, at_once: Any
) -> None:
    comments = iter(range(8))
    text = WORKFLOW % "review-pr"
    found = at_once(
        8, lambda: apply_definition(f"{text}# {next(comments)}\n", alice).version.number
    )
    assert sorted(found) == list(range(2, 10))
