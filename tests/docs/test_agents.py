"""The pages about agents show only what the product takes and offers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.contrib.auth.models import User

from executions import tokens
from executions.intake.agents import apply_agent
from executions.intake.skills import apply_skill
from executions.language import parse
from executions.toolbox.tools import ToolRow, tools_for
from tests.driving.conftest import HEAD, alice

__all__ = ["alice"]
pytestmark = pytest.mark.django_db
DOCS = Path(__file__).resolve().parents[2] / "docs"
SCOPES = ["read", "run", "act", "decide"]


def blocks(page: str, kind: str) -> list[str]:
    found = re.findall(rf"```{kind}\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)
    assert found
    return found


@pytest.mark.parametrize("page", ["first-agent.md", "agents.md"])
def test_the_agents_that_are_shown_can_be_applied(page: str, alice: User, settings: Any) -> None:
    settings.STIGMER_FUNCTION_MODULES = ["executions.demo.imports", "executions.demo.shopping"]
    shown = [text for text in blocks(page, "yaml") if text.startswith("kind: Agent")]
    assert shown
    for text in shown:
        applied = apply_agent(text, alice)
        assert applied.result == "created"
        assert yaml.safe_load(text)["name"] == applied.agent.slug


def test_the_task_that_is_shown_is_one_and_so_is_the_skill(alice: User) -> None:
    (task,) = [text for text in blocks("agents.md", "yaml") if "call: agent" in text]
    assert parse(HEAD % "triage" + "do:\n" + task).workflow.do
    (skill,) = [text for text in blocks("agents.md", "markdown") if text.startswith("---")]
    assert apply_skill(skill, alice).result == "created"


def all_tools(owner: User) -> dict[str, ToolRow]:
    return tools_for(tokens.mint(owner, "x", SCOPES).token)


@pytest.mark.parametrize("scope", SCOPES)
def test_the_tools_of_each_scope_are_those_that_are_offered(scope: str, alice: User) -> None:
    text = (DOCS / "mcp-server.md").read_text()
    (row,) = re.findall(rf"^\| `{scope}` \| (.*) \|$", text, re.MULTILINE)
    named = set(re.findall(r"`([a-z_]+)`", row))
    offered = {name for name, tool in all_tools(alice).items() if tool.scope == scope}
    assert named == offered
