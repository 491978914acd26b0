"""Answering what runs ask people, through the API."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from executions.intake.apply import apply_definition
from executions.intake.start import start
from executions.models import Execution
from tests.api.conftest import HEAD, problem

pytestmark = pytest.mark.database
TEXT = """do:
- ask:
    call: human
    with:
      prompt: Ship it?
      form: {type: object, required: [sum], properties: {sum: {type: integer}}}
      approvers: {users: [bob]}
"""


@pytest.fixture
def waiting(alice: User, people: dict[str, Any], drive: Any) -> Execution:
    """A run of alice's that waits for bob, a stranger to it."""
    run: Execution = drive(
        start(apply_definition(HEAD % "asking" + TEXT, alice).workflow, alice, input={})
    )
    assert run.phase == "WAITING"
    return run


def test_who_is_asked_finds_it_and_answers_and_sees_nothing_else_of_the_run(
    waiting: Execution, people: dict[str, Any], drive: Any
) -> None:
    bob, path = people["stranger"], f"workflow-executions/{waiting.public_id}"
    item = bob.get("approvals").json()["items"][0]
    assert (item["prompt"], item["is_open"], item["started_by"]) == ("Ship it?", True, "alice")
    assert item["approvers"] == {"users": ["bob"], "groups": []}
    assert bob.get(path).status_code == 404
    answer = {"outcome": "approve", "form": {"sum": 3}, "comment": "fine"}
    told = bob.post(f"approvals/{item['id']}/respond", answer).json()
    assert (told["is_open"], told["response"]["reviewer"]) == (False, "bob")
    drive(waiting)
    assert people["owner"].get(path).json()["status"]["phase"] == "COMPLETED"
    assert bob.get("approvals").json()["items"] == []
    assert bob.get("approvals?answered=true").json()["items"][0]["response"]["form"] == {"sum": 3}


def test_the_owner_sees_the_question_and_may_not_answer_it(
    waiting: Execution, people: dict[str, Any]
) -> None:
    owner = people["owner"]
    item = owner.get(f"approvals?execution={waiting.public_id}").json()["items"][0]
    problem(owner.post(f"approvals/{item['id']}/respond", {"outcome": "deny"}), 404, "not-found")


def test_what_does_not_fit_the_form_is_refused_and_asked_again(
    waiting: Execution, people: dict[str, Any]
) -> None:
    bob = people["stranger"]
    item = bob.get("approvals").json()["items"][0]
    refused = bob.post(
        f"approvals/{item['id']}/respond", {"outcome": "approve", "form": {"sum": "x"}}
    )
    assert problem(refused, 422, "invalid")["errors"][0]["pointer"] == "#/form/sum"
    assert bob.get(f"approvals/{item['id']}").json()["is_open"] is True


def test_the_second_answer_is_a_conflict_that_says_who_was_first(
    waiting: Execution, people: dict[str, Any]
) -> None:
    item = people["stranger"].get("approvals").json()["items"][0]
    path = f"approvals/{item['id']}/respond"
    assert people["stranger"].post(path, {"outcome": "deny"}).status_code == 200
    refused = problem(
        people["admin"].post(path, {"outcome": "approve", "form": {"sum": 1}}), 409, "conflict"
    )
    assert "bob answered already: Deny" in refused["detail"]
