"""No secret of this server reaches a prompt or a row, whatever a tool returns or a person says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from executions.driving import surroundings
from executions.models import Attempt, Event, Execution, Step
from executions.states import Phase
from tests.agents.conftest import Demo, calls, step

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]
Begin = Callable[..., Execution]
Drive = Callable[[Execution], Execution]
CANARY = "canary-7f3a-9b1c"


@pytest.fixture(autouse=True)
def canary(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.STIGMER_FUNCTION_MODULES = ["tests.agents.functions"]
    monkeypatch.setenv("STIGMER_TEST_NOTES", str(tmp_path / "notes"))
    monkeypatch.setenv("STIGMER_TEST_CANARY", CANARY)
    monkeypatch.setattr(surroundings, "_known_secrets", lambda: {"shop": {"key": CANARY}})


def rows_with(text: str, *models: Any) -> list[Any]:
    return [row for model in models for row in model.objects.values() if text in repr(row)]


def test_a_secret_in_what_a_tool_returns_is_in_no_row_and_no_prompt(
    begin: Begin, drive: Drive, demo: Demo
) -> None:
    demo.plays(calls(("agents_leaks", {"what": "x"})), {"say": "{result}"})
    execution = drive(begin("look", tools=["agents.leaks"]))
    assert execution.phase == Phase.COMPLETED, execution.failure_reason
    assert execution.output["text"] == '{"x": "the key is [secret shop.key]!"}'
    assert step(execution, "/turn/1/call/1").output == {"x": "the key is [secret shop.key]!"}
    assert rows_with(CANARY, Execution, Step, Attempt, Event) == []


def test_a_secret_in_the_error_of_a_tool_is_hidden_too(
    begin: Begin, drive: Drive, demo: Demo
) -> None:
    demo.plays(calls(("agents_fails", {"why": "x"})), {"say": "{result}"})
    execution = begin("look", tools=["agents.fails"])
    demo.plays(calls(("agents_fails", {"why": f"no {CANARY}"})), {"say": "{result}"})
    text = drive(execution).output["text"]
    assert CANARY not in text
    assert "[secret shop.key]" in text


def test_what_a_person_says_and_the_instructions_hide_it_from_the_model(
    begin: Begin, drive: Drive, demo: Demo
) -> None:
    demo.plays({"say": "You said: {message}"})
    execution = drive(begin(f"the key is {CANARY}", instructions=f"Use {CANARY} for the shop."))
    assert execution.output["text"] == "You said: the key is [secret shop.key]"


def test_what_was_said_in_an_earlier_run_hides_it(
    begin: Begin, drive: Drive, demo: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    from executions.intake.start import start_agent

    monkeypatch.setattr(surroundings, "_known_secrets", dict)
    demo.plays(calls(("agents_leaks", {"what": "x"})), {"say": "Done."})
    first = drive(begin("look", tools=["agents.leaks"]))
    monkeypatch.setattr(surroundings, "_known_secrets", lambda: {"shop": {"key": CANARY}})
    asked: list[Any] = []
    play = demo.server.model.play

    def heard(request: Any) -> Any:
        asked.append(request.whole["messages"])
        return play(request)

    monkeypatch.setattr(demo.server.model, "play", heard)
    demo.plays({"say": "Hello."}, when="^more", name="a")
    agent = first.agent
    assert agent is not None
    drive(start_agent(agent, first.owner, message="more", from_run=first.public_id))
    assert "[secret shop.key]" in repr(asked)
    assert CANARY not in repr(asked)
