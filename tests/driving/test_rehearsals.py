"""Dry runs: walked with an input, nothing called, nothing written."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from executions.driving.rehearsals import MOST_STEPS, Rehearsed, rehearse
from executions.intake.apply import parse
from executions.journal.records import StepRecord
from executions.models import Execution, Step
from executions.states import StepStatus

pytestmark = pytest.mark.django_db
HEAD = "document: {dsl: '1.0.0', namespace: tests, name: tried, version: '1.0.0'}\n"
CALLS = """
do:
  - ask:
      call: http
      with: {method: get, endpoint: 'https://shop.example/stock'}
  - pause: {wait: {hours: 2}}
  - judge:
      switch:
        - enough: {when: '${ .left > 3 }', then: done}
        - scarce: {then: order}
  - order: {set: {said: 'order more'}}
  - done: {set: {left: '${ .left }'}}
"""


@pytest.fixture
def alice() -> User:
    return User.objects.create_user("alice")


def tried(alice: User, tasks: str, given: Any = None, **recorded: StepRecord) -> Rehearsed:
    known = {each.path: each for each in recorded.values()}
    found = rehearse(parse(HEAD + tasks), given or {}, alice, known)
    assert not Execution.objects.exists() and not Step.objects.exists()
    return found


def answered(path: str, output: Any, **how: Any) -> StepRecord:
    record = StepRecord(path, path.rsplit("/", 1)[-1], "call", output=output, **how)
    record.status = how.get("status", StepStatus.SUCCEEDED)
    return record


def names(found: Rehearsed) -> list[str]:
    return [step.name for step in found.steps]


def test_a_walk_without_calls_comes_to_its_end(alice: User) -> None:
    found = tried(alice, "do:\n  - greet: {set: {said: '${ .name }'}}\n", {"name": "Ada"})
    assert (found.how, found.output) == ("completes", {"said": "Ada"})
    assert names(found) == ["greet"]


def test_it_ends_where_nothing_is_known_of_an_answer(alice: User) -> None:
    found = tried(alice, CALLS)
    assert found.how == "stops"
    assert found.says == "ask would call http here. No earlier run tells what it would answer."


def test_a_call_is_answered_as_in_the_earlier_run_and_no_time_passes(alice: User) -> None:
    found = tried(alice, CALLS, ask=answered("/ask", {"left": 7}))
    assert (found.how, found.output) == ("completes", {"left": 7})
    assert names(found) == ["ask", "pause", "judge", "done"]
    assert found.steps[0].is_known


def test_what_the_earlier_run_was_refused_is_refused_again(alice: User) -> None:
    failed = answered(
        "/ask", None, status=StepStatus.FAILED, error={"type": "about:blank", "status": 400}
    )
    assert tried(alice, CALLS, ask=failed).how == "fails"


def test_branches_join(alice: User) -> None:
    tasks = "do:\n  - both:\n      fork:\n        branches:\n"
    tasks += "          - one: {set: {n: 1}}\n          - two: {set: {n: 2}}\n"
    found = tried(alice, tasks)
    assert (found.how, found.output) == ("completes", [{"n": 1}, {"n": 2}])


def test_an_expression_that_fails_is_told(alice: User) -> None:
    found = tried(alice, "do:\n  - add: {set: {n: '${ .text + 1 }'}}\n", {"text": "x"})
    assert found.how == "fails" and "cannot be added" in found.says


def test_an_input_that_does_not_fit_is_told(alice: User) -> None:
    tasks = "input: {schema: {format: json, document: {type: object, required: [n]}}}\n"
    found = tried(alice, tasks + "do:\n  - greet: {set: {said: hello}}\n")
    assert found.how == "fails" and "n" in found.says


def test_an_endless_loop_ends(alice: User) -> None:
    tasks = "do:\n  - again: {set: {n: 1}, then: again}\n"
    found = tried(alice, tasks)
    assert found.how == "stops" and f"{MOST_STEPS}" in found.says


def test_secrets_are_not_read(alice: User) -> None:
    tasks = "use: {secrets: [key]}\ndo:\n  - greet: {set: {said: hello}}\n"
    assert tried(alice, tasks).how == "completes"
