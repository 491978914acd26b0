"""Runs begin from the pages of workflows and agents whose default instance was left half-made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from executions.intake.agents import apply_agent
from executions.intake.apply import apply_definition
from executions.intake.standing import add_instance
from executions.models import Agent, Execution, LanguageModel, Workflow

pytestmark = [
    pytest.mark.database,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("worker"),
]
As = Callable[[User], Client]
Parent = Workflow | Agent
WORKFLOW = """document: {dsl: '1.0.0', namespace: healing, name: %s, version: '1.0.0'}
do: [{greet: {set: {said: hello}}}]
"""
AGENT = "kind: Agent\nname: %s\ninstructions: Answer in one sentence.\nmodel: demo\n"
KEY = "0" * 32


@pytest.fixture(autouse=True)
def model(db: None) -> None:
    LanguageModel.objects.create(name="demo", address="http://127.0.0.1:1/v1", remote_name="demo")


def applied(kind: str, name: str, owner: User) -> Parent:
    if kind == "workflow":
        return apply_definition(WORKFLOW % name, owner).workflow
    return apply_agent(AGENT % name, owner).agent


def unlinked(parent: Parent, owner: User) -> None:
    """The instance exists, and its parent does not know it."""
    type(parent).objects.filter(pk=parent.pk).update(default_instance=None)


def deleted(parent: Parent, owner: User) -> None:
    assert parent.default_instance is not None
    parent.default_instance.delete()


def beside_others(parent: Parent, owner: User) -> None:
    """Several instances: the one with the default's name is meant."""
    add_instance(parent, owner, name="nightly", description="", default_input={})
    unlinked(parent, owner)


def of_another(parent: Parent, owner: User) -> None:
    other: Any = applied(type(parent).__name__.lower(), "another", owner)
    type(parent).objects.filter(pk=parent.pk).update(default_instance=other.default_instance)


@pytest.mark.parametrize("broken", [unlinked, deleted, beside_others, of_another])
@pytest.mark.parametrize("kind", ["workflow", "agent"])
def test_a_run_begins_by_its_page_and_what_was_half_made_is_whole_again(
    kind: str, broken: Callable[[Parent, User], None], alice: User, as_: As
) -> None:
    parent: Any = applied(kind, "mine", alice)
    broken(parent, alice)
    client = as_(alice)
    page = f"/{kind}s/{parent.public_id}/"
    assert client.get(page).status_code == 200
    if kind == "workflow":
        sent = client.post(page + "run", {"input": "{}", "key": KEY})
    else:
        sent = client.post(page + "talk", {"message": "Are you there?", "key": KEY})
    assert sent.status_code == 302, sent.content.decode()
    parent.refresh_from_db()
    execution: Any = Execution.objects.get()
    made = execution.instance if kind == "workflow" else execution.agent_instance
    assert made == parent.default_instance
    assert made.slug == "mine-default"
    assert client.get(sent.headers["Location"]).status_code == 200
