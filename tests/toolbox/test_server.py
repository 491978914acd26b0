"""Stigmer as an MCP server, tried with the client of the official library against a real server."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from django.contrib.auth.models import User
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from executions import tokens
from executions.intake.apply import apply_definition
from executions.intake.start import start
from executions.models import AuditEntry, Execution, Process, Workflow
from executions.objectives.setting import Wanted, set_objective
from executions.toolbox.door import beside
from executions.toolbox.names import tool_name
from executions.toolbox.tools import MOST_TOOLS, tools_for
from executions.verbs.rows import VERBS
from tests.api.conftest import HEAD
from tests.driving.conftest import alice, bob, drive, process
from tests.waiting import PATIENCE_SECONDS

__all__ = ["alice", "bob", "drive", "process"]
pytestmark = pytest.mark.django_db(transaction=True)
FAILS = (
    HEAD % "fails" + "do:\n- boom: {call: http, with: {method: get, endpoint: 'http://[::1]:1/'}}\n"
)
LABELLED = """document:
  {dsl: '1.0.0', namespace: tests, name: greets, version: '1.0.0', tags: {mcp: 'true'}}
input:
  schema:
    document: {type: object, required: [name], properties: {name: {type: string}}}
do:
- greet: {set: {said: '${ "Hello \\(.name)" }'}}
"""


@pytest.fixture
def worker(db: None) -> Process:
    return Process.objects.create(kind="worker", host="test", pid=1, slots=1)


def secret_of(owner: User, *scopes: str) -> str:
    return tokens.mint(owner, "an assistant", scopes).secret


def talk(secret: str, scenario: Callable[[Client], Any], **headers: str) -> Any:
    """Play a scenario with a client whose requests go through the real ASGI application."""
    from executions.toolbox import serving
    from stigmer_site.asgi import application

    async def play() -> Any:
        transport = httpx2.ASGITransport(app=application)
        given = {"Authorization": f"Bearer {secret}", "Host": "localhost", **headers}
        try:
            async with httpx2.AsyncClient(
                transport=transport, headers=given, base_url="http://localhost"
            ) as http:
                link = streamable_http_client("http://localhost/mcp", http_client=http)
                async with Client(link) as client:
                    return await scenario(client)
        finally:
            await serving.stop()

    return asyncio.run(play())


def text_of(result: Any) -> str:
    return str(result.content[0].text)


def value(result: Any) -> Any:
    assert not result.is_error, text_of(result)
    return result.structured_content


def test_a_token_sees_the_tools_that_it_may_use_and_no_others(alice: User, worker: Process) -> None:
    async def names(client: Client) -> set[str]:
        return {tool.name for tool in (await client.list_tools()).tools}

    looks = {"list_workflows", "describe_workflow", "list_agents", "list_runs", "describe_run"}
    looks |= {"why_not_moving", "list_approvals", "list_objectives"}
    assert talk(secret_of(alice, "read"), names) == looks
    deciding = {verb.name for verb in VERBS.values() if verb.decides}
    assert deciding == {"restore", "undo restore", "override", "amend", "decide", "fork"}
    acts = {tool_name(name) for name in VERBS if name not in deciding}
    assert talk(secret_of(alice, "act"), names) == looks | acts
    decides = {tool_name(name) for name in deciding} | {"answer_approval"}
    assert talk(secret_of(alice, "decide"), names) == looks | decides
    assert not decides & talk(secret_of(alice, "act", "run"), names)


def test_every_verb_is_a_tool_with_the_arguments_of_its_row(alice: User) -> None:
    token = tokens.mint(alice, "all", ["run", "act", "decide"]).token
    rows = tools_for(token)
    assert len(rows) <= MOST_TOOLS
    for verb in VERBS.values():
        properties = rows[tool_name(verb.name)].parameters["properties"]
        assert {"id", *(argument.name for argument in verb.arguments)} <= properties.keys()
        assert ("seq" in properties) == verb.is_about_what_was_seen


def test_objectives_are_told_of_workflows_that_the_token_may_see(alice: User, bob: User) -> None:
    workflow = apply_definition(FAILS, alice).workflow
    Workflow.objects.filter(pk=workflow.pk).update(visibility="private")
    set_objective(workflow, alice, Wanted(success_percent=99))

    def told(user: User, **given: Any) -> Any:
        token = tokens.mint(user, "reads", ["read"]).token
        return tools_for(token)["list_objectives"].do(user, given)["objectives"]

    (found,) = told(alice, workflow="fails")
    assert (found["workflow"], found["counted_days"]) == ("fails", 30)
    assert found["targets"][0]["last_30_days"]["runs"] == 0
    assert told(alice) == [found] and told(bob) == []


def test_a_workflow_that_is_labelled_is_a_tool_with_its_schema(
    alice: User, worker: Process, drive: Any
) -> None:
    apply_definition(LABELLED, alice)

    async def scenario(client: Client) -> Any:
        tool = next(each for each in (await client.list_tools()).tools if each.name == "run_greets")
        assert tool.input_schema["required"] == ["name"]
        wrong = await client.call_tool("run_greets", {"name": 3})
        assert wrong.is_error and "name" in text_of(wrong)
        first = value(await client.call_tool("run_greets", {"name": "Ada"}))
        by_name = {"workflow": "greets", "input": {"name": "Bob"}, "name": "once"}
        nowhere = await client.call_tool("run_workflow", by_name | {"workspace": "elsewhere"})
        assert nowhere.is_error and "workspace" in text_of(nowhere)
        value(await client.call_tool("run_workflow", by_name | {"workspace": "none"}))
        twice = await client.call_tool("run_workflow", by_name)
        assert twice.is_error
        return first["id"]

    started = talk(secret_of(alice, "run"), scenario)
    assert Execution.objects.count() == 2
    assert Execution.objects.get(name="once").own_workspace == "none"
    for row in Execution.objects.all():
        drive(row)

    async def look(client: Client) -> Any:
        return value(await client.call_tool("describe_run", {"id": started}))

    told = talk(secret_of(alice, "read"), look)
    assert told["run"]["status"]["output"] == {"said": "Hello Ada"}
    assert told["sentence"] == "COMPLETED"


def test_a_run_that_failed_is_explained_and_retried_with_what_was_seen(
    alice: User, bob: User, worker: Process, drive: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("executions.calls.kind.CALL_RETRY_DELAYS", [])
    failed = drive(start(apply_definition(FAILS, alice).workflow, alice, input={}))
    assert failed.phase == "FAILED"

    async def scenario(client: Client) -> None:
        why = value(await client.call_tool("why_not_moving", {"id": failed.public_id}))
        assert why["sentence"].startswith("FAILED at boom") and "retry" in why["possible_now"]
        old = {"id": failed.public_id, "seq": why["seq"] - 1}
        stale = await client.call_tool("retry", old)
        assert stale.is_error
        seen = {"id": failed.public_id, "seq": why["seq"], "reason": "it is back"}
        done = value(await client.call_tool("retry", seen))
        assert done["phase"] == "PENDING" and done["seq"] > why["seq"]
        missing = await client.call_tool("cancel", {"id": failed.public_id, "speed": "high"})
        assert missing.is_error and "speed" in text_of(missing)

    talk(secret_of(alice, "act"), scenario)
    entry = AuditEntry.objects.filter(subject=failed.public_id, outcome="done").latest("id")
    assert (entry.verb, entry.actor_name, entry.reason) == ("retry", "alice", "it is back")

    async def foreign(client: Client) -> str:
        result = await client.call_tool("retry", {"id": failed.public_id})
        assert result.is_error
        return text_of(result)

    # Somebody else's run is none, in the words of one that is not there.
    told = talk(secret_of(bob, "act"), foreign)
    assert "There is no workflow execution" in told


def test_a_tool_that_the_token_does_not_allow_is_none(alice: User, worker: Process) -> None:
    async def scenario(client: Client) -> str:
        result = await client.call_tool("cancel", {"id": "wex-1"})
        assert result.is_error
        return text_of(result)

    assert "no tool 'cancel'" in talk(secret_of(alice, "read", "run"), scenario)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"authorization": "Basic YTpi"}, 401),
        ({"authorization": "Bearer stg_nothing"}, 401),
        ({"origin": "https://evil.example"}, 403),
        ({"host": "evil.example"}, 421),
    ],
)
def test_who_has_no_token_or_comes_from_elsewhere_is_not_let_in(
    headers: dict[str, str], status: int, alice: User
) -> None:
    given = {"host": "localhost", **headers}
    if status != 401:
        given["authorization"] = f"Bearer {secret_of(alice, 'read')}"
    sent: list[dict[str, Any]] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        raise AssertionError("another address")

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "path": "/mcp",
        "scheme": "http",
        "client": ("192.0.2.1", 1),
        "headers": [(name.encode(), text.encode()) for name, text in given.items()],
    }

    async def come() -> None:
        await beside(inner)(scope, None, send)

    asyncio.run(come())
    assert sent[0]["status"] == status and "error" in json.loads(sent[1]["body"])


def test_the_web_server_loads_the_library_with_the_first_request_only() -> None:
    code = (
        "import os, sys; os.environ['DJANGO_SETTINGS_MODULE'] = 'tests.settings';"
        "import stigmer_site.asgi; print('mcp' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE_SECONDS * 4
    )
    assert done.stdout.strip().endswith("False"), done.stderr
