"""Which hosts an agent's tools may reach, and which secrets they are given."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from executions import secret_access
from executions.driving import surroundings
from executions.intake.agents import parse
from executions.intake.apply import apply_definition
from executions.language import DefinitionError
from executions.models import Attempt, Event, Execution, McpServer, Step
from executions.secrets import Rule
from executions.states import Phase
from tests.agents.conftest import Demo, calls, step
from tests.agents.test_hiding import rows_with
from tests.driving.conftest import HEAD

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]
Begin = Callable[..., Execution]
Drive = Callable[[Execution], Execution]
FETCH = """
do:
- get: {call: http, with: {method: get, endpoint: '%sv1/models'}}
"""


@pytest.mark.parametrize(
    ("hosts", "reached"),
    [(None, True), (["127.0.0.1"], True), (["*.example.org"], False), ([], False)],
)
def test_a_workflow_that_an_agent_runs_reaches_only_its_hosts(
    begin: Begin,
    drive: Drive,
    demo: Demo,
    alice: User,
    settings: Any,
    hosts: list[str] | None,
    reached: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.STIGMER_HTTP_ALLOWED_HOSTS = ["127.0.0.1"]
    monkeypatch.setattr("executions.calls.kind.CALL_RETRY_DELAYS", [])
    apply_definition(HEAD % "fetch" + FETCH % demo.server.address, alice)
    demo.plays(calls(("run_fetch", {})), {"say": "Done."})
    tools = [{"workflow": "fetch", "namespace": "tests", "approval": "never"}]
    execution = drive(begin("fetch", tools=tools, hosts=hosts))
    child = drive(Execution.objects.get(parent=execution))
    assert child.confined_to == (None if hosts is None else [hosts])
    assert (child.phase == Phase.COMPLETED) is reached, child.failure_reason
    if not reached:
        assert "`hosts` of the agent that this is for leaves it out" in child.failure_reason


def test_a_server_elsewhere_is_not_even_asked(begin: Begin, drive: Drive, demo: Demo) -> None:
    McpServer.objects.create(name="far", transport="http", address="https://far.example/mcp")
    execution = drive(begin("hello", tools=[{"mcp": "far"}], hosts=["near.example"]))
    assert execution.phase == Phase.FAILED
    assert "is at far.example, which `hosts` of the agent leaves out" in execution.failure_reason


def test_a_host_that_is_none_is_told_where_it_stands() -> None:
    with pytest.raises(DefinitionError, match="line 3"):
        parse("name: a\ninstructions: Answer in one sentence.\nhosts:\n- https://x.example/y\n")


@pytest.mark.parametrize("allowed", [True, False])
def test_a_secret_stands_in_the_arguments_only_where_the_tool_is_called(
    begin: Begin,
    drive: Drive,
    demo: Demo,
    settings: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    allowed: bool,
) -> None:
    settings.STIGMER_FUNCTION_MODULES = ["tests.agents.functions"]
    notes = tmp_path / "notes"
    monkeypatch.setenv("STIGMER_TEST_NOTES", str(notes))
    key = "a-key-that-nobody-sees"
    known = {"shop": {"key": key}}
    monkeypatch.setattr(secret_access, "known_secrets", lambda: known)
    monkeypatch.setattr(surroundings, "_known_secrets", lambda: known)
    rules = {"shop": Rule(owners=frozenset({"alice"}))} if allowed else {}
    monkeypatch.setattr(secret_access, "rules", lambda: rules)
    demo.plays(calls(("agents_stock", {"sku": "{{secret:shop.key}}"})), {"say": "{result}"})
    tools = [{"function": "agents.stock", "secrets": ["shop.key"]}]
    execution = drive(begin("look", tools=tools))
    if not allowed:
        assert execution.phase == Phase.FAILED
        assert "may not be given the secret shop.key" in execution.failure_reason
        return
    assert execution.phase == Phase.COMPLETED, execution.failure_reason
    assert notes.read_text() == f"stock {key}\n"
    called = step(execution, "/turn/1/call/1")
    assert called.arguments["arguments"] == {"sku": "{{secret:shop.key}}"}
    assert called.output["sku"] == "[secret shop.key]"
    assert rows_with(key, Execution, Step, Attempt, Event) == []
    assert key not in str(demo.ledger())
