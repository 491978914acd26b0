"""The example agent, run as it is shipped and as the documentation shows it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from django.contrib.auth.models import User

from executions import clock, mind
from executions.cli import examples
from executions.driving.attempts.running import Running
from executions.driving.driver import advance
from executions.driving.store import Here
from executions.intake.agents import apply_agent
from executions.intake.start import start_agent
from executions.models import Agent, Ask, Execution, LanguageModel, Process
from executions.states import Phase, WaitingFor
from executions.supervisor.prepare import prepare
from executions.verbs.asks import Answer, respond
from executions.worker.children import use_children
from tests.waiting import until

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "agents.md"
AT_REST = {Phase.COMPLETED, Phase.FAILED}


@pytest.fixture
def assistant(
    ann: User, shop: httpx.Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Agent]:
    """As `stigmer up` makes it: the agent, its model, its tools."""
    settings.STIGMER_FUNCTION_MODULES = ["executions.demo.imports", "executions.demo.shopping"]
    monkeypatch.setenv("STIGMER_DEMO", str(settings.STIGMER_DEMO_PORT))
    use_children()
    assert "shop-assistant" in examples.apply_agents_once()
    yield Agent.objects.get(slug="shop-assistant")
    mind.close()


def driven(execution: Execution) -> Execution:
    """Until it ends or asks somebody."""
    process = Process.objects.create(kind="worker", host="test", pid=1, slots=1)

    def look() -> Execution | None:
        # A worker wakes up what stands in line for a process; here nobody does.
        in_line = Execution.objects.filter(waiting_for__contains=WaitingFor.FUNCTION_PROCESS.value)
        in_line.filter(phase=Phase.WAITING).update(wake_at=clock.now())
        advance(execution.pk, process_id=process.pk, store=Here(), running=Running())
        seen = Execution.objects.get(pk=execution.pk)
        is_asked = Ask.objects.open().filter(execution=seen).exists()
        return seen if is_asked or seen.phase in AT_REST else None

    found = until(look, what="it ends or asks")
    assert found is not None
    return found


def test_it_looks_articles_up(ann: User, assistant: Agent) -> None:
    execution = driven(start_agent(assistant, ann, message="What is in stock of tea?"))
    assert execution.output["text"] == "There are **1000** of Mountain tea, 100 g, at 9.5 each."


def test_it_takes_money_only_when_a_person_approves_and_as_much_as_they_say(
    ann: User, assistant: Agent, shop: httpx.Client
) -> None:
    execution = driven(start_agent(assistant, ann, message="Order 2 cups"))
    ask = Ask.objects.open().select_related("execution", "step").get(execution=execution)
    assert "May shop-assistant call shop_charge" in ask.prompt
    assert shop.get("/state").json()["counts"] == {
        "reserve": 1,
        "charge": 0,
        "ship": 0,
        "repeated": 0,
    }
    order = ask.form["properties"]["order"]["default"]
    respond(ask, ann, Answer("approve", form={"order": order, "amount": 25.0}))
    assert "2 × cup are yours" in driven(execution).output["text"]
    (paid,) = [entry for entry in shop.get("/ledger").json() if entry["effect"] == "charge"]
    assert paid["answer"]["amount"] == 25.0


def test_the_documentation_shows_it_as_it_is_shipped() -> None:
    (shown,) = re.findall(r"```yaml\n(kind: Agent.*?)```", DOCUMENT.read_text(), re.DOTALL)
    assert yaml.safe_load(shown) == yaml.safe_load(examples.agents()["shop-assistant"])


def test_applying_the_examples_again_changes_nothing(ann: User, assistant: Agent) -> None:
    assert examples.apply_agents_once() == []
    assert LanguageModel.objects.count() == 1


def test_an_example_agent_that_somebody_changed_is_left_alone(ann: User, assistant: Agent) -> None:
    text = examples.agents()["shop-assistant"].replace("small shop", "large shop")
    apply_agent(text, ann)
    assert examples.apply_agents_once() == []


def test_without_the_demonstration_its_model_does_not_exist(
    ann: User, assistant: Agent, settings: Any
) -> None:
    settings.STIGMER_DEMO = False
    prepare()
    assert not LanguageModel.objects.exists()
