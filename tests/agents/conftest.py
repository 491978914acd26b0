"""Agents driven in the test's own process, against a real demonstration model on a real port."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.contrib.auth.models import User

from executions import mind
from executions.demo.server import ShopServer
from executions.intake.agents import apply_agent
from executions.intake.start import start_agent
from executions.models import Ask, Execution, LanguageModel, Step
from executions.verbs.asks import Answer, respond
from tests.driving.conftest import alice, bob, drive, known_functions, later, process

__all__ = ["alice", "bob", "drive", "known_functions", "later", "process"]
AGENT = {
    "kind": "Agent",
    "name": "helper",
    "instructions": "Answer in one sentence.",
    "model": "demo",
}


class Demo:
    """The server with its scripts: ``plays`` replaces what it answers to any message."""

    def __init__(self, folder: Path) -> None:
        self._scripts = folder / "scripts"
        self._scripts.mkdir()
        self.server = ShopServer("127.0.0.1", 0, folder)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def plays(self, *answers: dict[str, Any], when: str = ".", name: str = "test") -> None:
        text = yaml.safe_dump({"when": when, "answers": list(answers)})
        (self._scripts / f"{name}.yaml").write_text(text)

    def ledger(self) -> list[dict[str, Any]]:
        return self.server.model.ledger.entries()

    def billed(self) -> list[str]:
        """The digests of the requests that were answered in full, in order."""
        return [entry["digest"] for entry in self.ledger() if entry["in_full"]]


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    found = Demo(tmp_path)
    yield found
    found.server.stop()
    found.server.server_close()


@pytest.fixture(scope="session", autouse=True)
def no_mind_is_left() -> Iterator[None]:
    yield
    mind.close()


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("executions.calls.model.MODEL_RETRY_DELAYS", [0.0, 0.0, 0.0])


@pytest.fixture
def model(demo: Demo, db: None) -> LanguageModel:
    return LanguageModel.objects.create(
        name="demo",
        address=f"{demo.server.address}v1",
        remote_name="demo",
        input_price="1",
        output_price="10",
        silence_seconds=20,
    )


@pytest.fixture
def begin(alice: User, model: LanguageModel) -> Callable[..., Execution]:
    """``begin("a message", tools=[…])``: apply an agent and say something to it."""

    def begun(message: str = "hello", owner: User = alice, **agent: Any) -> Execution:
        applied = apply_agent(yaml.safe_dump(AGENT | agent), owner)
        return start_agent(applied.agent, owner, message=message)

    return begun


def calls(*named: tuple[str, Any], **more: Any) -> dict[str, Any]:
    """An answer of the model that calls these tools."""
    return {"calls": [{"name": name, "arguments": given} for name, given in named], **more}


def steps(execution: Execution) -> list[tuple[str, str]]:
    """Path and status of the steps that stand, in the order of their ids."""
    rows = Step.objects.filter(execution=execution).standing().tasks().order_by("id")
    return list(rows.values_list("path", "status"))


def step(execution: Execution, path: str) -> Step:
    return Step.objects.standing().get(execution=execution, path=path)


def answer(execution: Execution, actor: User, outcome: str, **said: Any) -> None:
    """Answer the question that the run waits for."""
    ask = Ask.objects.open().select_related("execution", "step").get(execution=execution)
    respond(ask, actor, Answer(outcome, **said))
