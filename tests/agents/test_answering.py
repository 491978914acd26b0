"""Agents whose last answer is data: checked, asked for again, given as output."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import yaml
from django.contrib.auth.models import User

from executions.agents import answering
from executions.driving.chain import verify
from executions.errors import Refused
from executions.intake.agents import apply_agent
from executions.intake.start import start_agent
from executions.models import Ask, Execution
from executions.states import Phase
from executions.verbs.asks import Answer, respond
from tests.agents.conftest import AGENT, Demo, steps

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]
Begin = Callable[..., Execution]
Drive = Callable[[Execution], Execution]
OUTPUT = {
    "schema": {"type": "object", "required": ["sum"], "properties": {"sum": {"type": "integer"}}}
}


@pytest.mark.parametrize("text", ['{"sum": 3}', '```json\n{"sum": 3}\n```', ' \n{"sum": 3}\n '])
def test_an_answer_that_fits_is_the_data_of_the_output(
    text: str, begin: Begin, drive: Drive, demo: Demo
) -> None:
    demo.plays({"say": text})
    execution = drive(begin("add", output=OUTPUT))
    assert execution.phase == Phase.COMPLETED, execution.failure_reason
    assert execution.output["data"] == {"sum": 3}
    assert [path for path, _ in steps(execution)] == ["/start", "/turn/1", "/turn/1/check"]


def test_an_answer_that_does_not_fit_is_asked_for_again_with_what_is_wrong(
    begin: Begin, drive: Drive, demo: Demo, alice: User
) -> None:
    demo.plays({"say": "It is three."}, when="^add")
    demo.plays({"say": '{"sum": "three"}'}, when="no JSON", name="second")
    demo.plays({"say": '{"sum": 3}'}, when="/sum|^more", name="third")
    execution = drive(begin("add", output=OUTPUT))
    assert execution.phase == Phase.COMPLETED, execution.failure_reason
    assert (execution.output["data"], execution.output["turns"]) == ({"sum": 3}, 3)
    checks = execution.steps.filter(path__endswith="/check").order_by("id")
    wrong = [step.output["problems"] for step in checks]
    assert "no JSON" in wrong[0][0] and "/sum" in wrong[1][0] and wrong[2] == []
    assert verify(execution) is None
    again = drive(start_agent(execution.agent, alice, message="more", from_run=execution.public_id))
    assert again.phase == Phase.COMPLETED, again.failure_reason


def test_after_three_answers_in_a_row_that_do_not_fit_a_person_is_asked(
    begin: Begin, drive: Drive, demo: Demo, alice: User
) -> None:
    demo.plays({"say": "no"})
    execution = drive(begin("add", output=OUTPUT))
    ask = Ask.objects.get(execution=execution)
    assert "3 answers in a row did not fit" in ask.prompt and len(demo.billed()) == 3
    demo.plays({"say": '{"sum": 4}'})
    respond(ask, alice, Answer("go_on"))
    again = drive(execution)
    assert again.phase == Phase.COMPLETED, again.failure_reason
    assert again.output["data"] == {"sum": 4} and len(demo.billed()) == 4


def test_a_schema_that_cannot_be_used_is_refused_when_the_agent_is_applied(alice: User) -> None:
    bad = AGENT | {"output": {"schema": {"type": "objekt"}}}
    with pytest.raises(Refused, match="cannot be used"):
        apply_agent(yaml.safe_dump(bad), alice)


@pytest.mark.parametrize("text", ["", "{", "```json\n{", "[" * 100_000])
def test_what_is_no_json_is_a_problem_and_no_error(text: str) -> None:
    assert "no JSON" in answering.problems({}, text, owner="1", seconds=1.0)[0]


def test_without_a_schema_the_data_is_null(begin: Any, drive: Drive, demo: Demo) -> None:
    demo.plays({"say": '{"sum": 3}'})
    assert drive(begin("add")).output["data"] is None
