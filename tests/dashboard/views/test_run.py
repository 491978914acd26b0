from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from executions.intake.apply import apply_definition
from executions.models import Execution, Workflow

TYPED = """
document: {dsl: '1.0.0', namespace: tests, name: typed, version: '1.0.0'}
input:
  schema:
    format: json
    document:
      type: object
      required: [sku, many]
      properties: {sku: {type: string}, many: {type: integer, minimum: 1}}
do: [{a: {set: {x: 1}}}]
"""
KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def typed(alice: User) -> Workflow:
    return apply_definition(TYPED, alice).workflow


@pytest.fixture
def client(alice: User, as_: Callable[[User], Client]) -> Client:
    return as_(alice)


@pytest.mark.usefixtures("worker")
def test_a_good_form_starts_a_run_and_leads_to_its_page(typed: Workflow, client: Client) -> None:
    sent = {"key": KEY, "field-sku": "tea", "field-many": "2", "name": "Mine"}
    response = client.post(f"/workflows/{typed.public_id}/run", sent)
    (execution,) = Execution.objects.all()
    assert response.headers["Location"] == f"/executions/{execution.public_id}/"
    assert (execution.input, execution.name) == ({"sku": "tea", "many": 2}, "Mine")


@pytest.mark.usefixtures("worker")
def test_a_double_click_is_one_run(typed: Workflow, client: Client) -> None:
    sent = {"key": KEY, "field-sku": "tea", "field-many": "2"}
    first, second = (client.post(f"/workflows/{typed.public_id}/run", sent) for _ in range(2))
    assert first.headers["Location"] == second.headers["Location"]
    assert Execution.objects.count() == 1


def test_every_problem_stands_at_its_field_and_nothing_starts(
    typed: Workflow, client: Client
) -> None:
    response = client.post(f"/workflows/{typed.public_id}/run", {"key": KEY, "field-many": "0"})
    assert response.status_code == 400
    problems = {field.name: field.problem for field in response.context["form"].fields}
    assert problems["sku"] == "This is required."
    assert "minimum" in problems["many"]
    assert not Execution.objects.exists()


@pytest.mark.usefixtures("worker")
def test_a_key_is_free_again_after_a_form_that_was_refused(typed: Workflow, client: Client) -> None:
    address = f"/workflows/{typed.public_id}/run"
    client.post(address, {"key": KEY, "field-many": "0"})
    assert (
        client.post(address, {"key": KEY, "field-sku": "tea", "field-many": "1"}).status_code == 302
    )


@pytest.mark.usefixtures("worker")
def test_without_a_schema_the_input_is_json(workflow: Workflow, client: Client) -> None:
    address = f"/workflows/{workflow.public_id}/run"
    assert client.post(address, {"json": "{nope"}).status_code == 400
    assert client.post(address, {"json": '{"a": 1}'}).status_code == 302
    assert Execution.objects.get().input == {"a": 1}


def test_without_a_living_worker_nothing_is_started_and_the_page_says_what_to_do(
    workflow: Workflow, client: Client
) -> None:
    answer = client.post(f"/workflows/{workflow.public_id}/run", {"json": "{}"})
    assert answer.status_code == 503
    assert "stigmer worker" in answer.content.decode()
    assert not Execution.objects.exists()


@pytest.mark.usefixtures("worker")
def test_a_run_of_commands_is_started_in_another_workspace_and_once_more_there(
    alice: User, client: Client, settings: Any
) -> None:
    settings.STIGMER_REPOSITORIES = {"shop": "https://git.example.org/shop.git"}
    text = TYPED.replace("[{a: {set: {x: 1}}}]", "[{a: {run: {shell: {command: ls}}}}]")
    workflow = apply_definition(text, alice).workflow
    address = f"/workflows/{workflow.public_id}"
    assert "As the definition says: none" in client.get(f"{address}/").content.decode()
    sent = {"key": KEY, "field-sku": "tea", "field-many": "2"}
    client.post(f"{address}/run", sent | {"workspace": "git shop", "base": "main"})
    (first,) = Execution.objects.all()
    assert first.own_workspace == {"git": {"repository": "shop", "base": "main"}}
    shown = client.get(f"/executions/{first.public_id}/").content.decode()
    assert "the repository shop at main as its workspace" in shown
    Execution.objects.update(phase="TERMINATED")
    client.post(f"/executions/{first.public_id}/again", {"key": KEY[::-1]})
    assert Execution.objects.exclude(pk=first.pk).get().own_workspace == first.own_workspace
    like = client.get(f"{address}/?like={first.public_id}").content.decode()
    assert '<option value="git shop" selected>' in like and 'value="main"' in like


@pytest.mark.usefixtures("worker")
def test_a_workspace_that_may_not_be_is_said_in_the_form_and_nothing_starts(
    alice: User, client: Client
) -> None:
    text = TYPED.replace("[{a: {set: {x: 1}}}]", "[{a: {run: {shell: {command: ls}}}}]")
    workflow = apply_definition(text, alice).workflow
    sent = {"key": KEY, "field-sku": "tea", "field-many": "2", "workspace": "git elsewhere"}
    response = client.post(f"/workflows/{workflow.public_id}/run", sent)
    assert response.status_code == 400
    assert "elsewhere" in response.content.decode() and "may not be fetched" in (
        response.content.decode()
    )
    assert not Execution.objects.exists()


def test_a_workflow_without_commands_does_not_ask_where_they_work(
    typed: Workflow, client: Client
) -> None:
    assert "run-workspace" not in client.get(f"/workflows/{typed.public_id}/").content.decode()
