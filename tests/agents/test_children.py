"""Agents that are started by workflows, and workflows and agents that are started by agents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import yaml
from django.contrib.auth.models import User

from executions.intake.agents import apply_agent
from executions.intake.apply import apply_definition
from executions.intake.start import start
from executions.models import Execution
from executions.states import Phase
from executions.verbs.deciding.decisions import retry
from tests.agents.conftest import AGENT, Demo, answer, calls, step
from tests.driving.conftest import HEAD

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]
Begin = Callable[..., Execution]
Drive = Callable[[Execution], Execution]
ASKING = """
do:
- ask:
    call: agent
    with: {agent: helper, message: '${ "How is " + .name + "?" }', input: '${ .more }'}
    export: {as: '.text'}
- told: {set: {text: '${ .text }', cost: '${ .cost }', run: '${ .execution }'}}
"""


@pytest.fixture
def family(drive: Drive) -> Drive:
    """Drive a run, and each run that it starts, until nothing moves any more."""

    def driven(execution: Execution) -> Execution:
        while True:
            seen = drive(execution)
            moved = False
            for child in Execution.objects.filter(parent=execution).exclude(phase="COMPLETED"):
                moved = driven(child).phase in (Phase.COMPLETED, Phase.FAILED) or moved
            if not moved or seen.phase in (Phase.COMPLETED, Phase.FAILED):
                return drive(execution)

    return driven


@pytest.fixture
def ask(alice: User, model: Any) -> Callable[..., Execution]:
    """Start the workflow that asks the agent."""

    def asked(**input: Any) -> Execution:
        apply_agent(yaml.safe_dump(AGENT), alice)
        applied = apply_definition(HEAD % "asking" + ASKING, alice)
        return start(applied.workflow, alice, input=input)

    return asked


def test_a_workflow_asks_an_agent_and_goes_on_with_its_answer(
    ask: Callable[..., Execution], family: Drive, demo: Demo
) -> None:
    demo.plays({"say": "You said: {message}"})
    execution = family(ask(name="Sam", more={"age": 7}))
    assert execution.phase == Phase.COMPLETED, execution.failure_reason
    assert execution.output["text"].startswith("You said: How is Sam?")
    assert '"age":7' in execution.output["text"]
    child = Execution.objects.get(parent=execution)
    assert execution.output["run"] == child.public_id
    assert child.public_id.startswith("aex-")
    assert child.parent_public_id == execution.public_id


def test_an_agent_that_fails_fails_its_task_and_a_retry_goes_on_with_it(
    ask: Callable[..., Execution], family: Drive, demo: Demo, alice: User
) -> None:
    demo.plays({"tries": [{"error": 400}, {"say": "Well."}]})
    execution = family(ask(name="Sam"))
    assert (execution.phase, execution.current_step) == (Phase.FAILED, "/ask")
    assert "rejected" in execution.failure_reason
    retry(execution.pk, alice)
    execution = family(execution)
    assert execution.output["text"] == "Well."
    assert Execution.objects.filter(parent=execution).count() == 1


def test_an_agent_that_is_not_there_is_a_404_of_the_task(
    alice: User, model: Any, family: Drive, demo: Demo
) -> None:
    text = "do:\n- ask: {call: agent, with: {agent: nobody, message: hello}}\n"
    applied = apply_definition(HEAD % "asking" + text, alice)
    execution = family(start(applied.workflow, alice, input={}))
    assert execution.error["status"] == 404


def test_a_workflow_is_a_tool_that_asks_first_and_gives_its_output(
    begin: Begin, family: Drive, demo: Demo, alice: User
) -> None:
    schema = "input: {schema: {document: {type: object, required: [n], properties: {n: {type: integer}}}}}\n"
    apply_definition(HEAD % "double" + schema + "do:\n- d: {set: {n: '${ .n * 2 }'}}\n", alice)
    demo.plays(calls(("run_double", {"n": 21})), {"say": "{result.n}"})
    tools = [{"workflow": "double", "namespace": "tests"}]
    execution = family(begin("double it", tools=tools))
    assert execution.current_step == "/turn/1/ask/1"
    answer(execution, alice, "approve")
    execution = family(execution)
    assert execution.output["text"] == "42"
    assert step(execution, "/turn/1/call/1").kind == "run"


def test_a_workflow_that_does_not_take_the_arguments_is_not_run(
    begin: Begin, family: Drive, demo: Demo, alice: User
) -> None:
    schema = "input: {schema: {document: {type: object, required: [n]}}}\n"
    apply_definition(HEAD % "double" + schema + "do:\n- d: {set: {n: 1}}\n", alice)
    demo.plays(calls(("run_double", {"m": 1})), {"say": "{result}"})
    tools = [{"workflow": "double", "namespace": "tests", "approval": "never"}]
    assert "does not fit" in family(begin("double it", tools=tools)).output["text"]
    assert Execution.objects.filter(kind="workflow").count() == 0


def test_an_agent_hands_work_to_another(
    begin: Begin, family: Drive, demo: Demo, alice: User
) -> None:
    apply_agent(yaml.safe_dump(AGENT | {"name": "expert"}), alice)
    demo.plays({"say": "Expertly: {message}"}, when="^deep", name="a")
    demo.plays(calls(("agent_expert", {"message": "deep thought"})), {"say": "{result.text}"})
    tools = [{"agent": "expert", "approval": "never"}]
    execution = family(begin("think", tools=tools))
    assert execution.output["text"] == "Expertly: deep thought"


def test_a_session_goes_on_and_a_fork_leaves_out_what_came_after(
    begin: Begin, family: Drive, demo: Demo, alice: User
) -> None:
    from executions.intake.agents import create_session
    from executions.intake.start import start_agent

    demo.plays({"say": "I heard {message}"})
    first = family(begin("one"))
    agent = first.agent
    assert agent is not None
    session = create_session(agent, alice, name="talk")
    runs = [
        family(start_agent(agent, alice, message=each, session=session))
        for each in ("two", "three")
    ]
    assert runs[1].input["from_run"] == runs[0].public_id
    before = step(runs[1], "/start").output["goes_on_from"]
    assert [before["run"], len(before["steps"])] == [runs[0].public_id, 1]
    read = [entry["input_tokens"] for entry in demo.ledger()]
    assert read[2] > read[1]
    forked = family(start_agent(agent, alice, message="3", from_run=runs[1].public_id, from_turn=0))
    assert forked.phase == Phase.COMPLETED
    # It knows what was said before the run that it forks, and nothing of that run.
    assert read[1] < demo.ledger()[3]["input_tokens"] <= read[2]
