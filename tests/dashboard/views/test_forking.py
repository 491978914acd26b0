"""Forks, comparisons and other results: the forms of a run's page that give it another course."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from executions.intake.apply import apply_definition
from executions.intake.start import start
from executions.models import Ask, Execution, Step
from executions.states import Phase

As = Callable[[User], Client]
Drive = Callable[[Execution], Execution]
HEAD = "document: {dsl: '1.0.0', namespace: n, name: %s, version: '1.0.0'}\n"
STEPS = """do:
- one: {set: {n: '${ .n }'}}
- two: {set: {m: '${ .n * 2 }'}, export: {as: '${ {twice: .m} }'}}
- three: {set: {sum: '${ .m + 1 }'}}
"""


@pytest.fixture
def ran(alice: User, drive: Drive) -> Callable[[int], Execution]:
    workflow = apply_definition(HEAD % "steps" + STEPS, alice).workflow
    return lambda n: drive(start(workflow, alice, input={"n": n}))


def shown(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status
    return response.content.decode()


def seq_of(execution: Execution, path: str) -> int:
    seq = Step.objects.get(execution=execution, path=path, superseded_by=None).seq
    assert seq is not None
    return seq


def test_a_fork_begins_with_the_edited_result_and_both_runs_link_to_each_other(
    ran: Callable[[int], Execution], alice: User, as_: As, drive: Drive
) -> None:
    execution, client = ran(1), as_(alice)
    seq = seq_of(execution, "/one")
    address = f"/executions/{execution.public_id}/checkpoints/{seq}/fork"
    assert f'href="{address}"' in shown(client, f"/executions/{execution.public_id}/checkpoints")
    page = shown(client, address)
    assert "&quot;n&quot;: 1" in page
    sent = {"output": json.dumps({"n": 10}), "reason": "what if", "key": "a" * 32}
    first = client.post(address, sent)
    assert first.status_code == 302
    # Sent twice, it is one fork.
    assert client.post(address, sent).headers["Location"] == first.headers["Location"]
    new = drive(Execution.objects.get(forked_from=execution))
    assert new.phase == Phase.COMPLETED and new.output == {"sum": 21}
    assert f"/executions/{new.public_id}/" in shown(client, f"/executions/{execution.public_id}/")
    assert "forked from" in shown(client, f"/executions/{new.public_id}/")


def test_a_form_that_was_left_as_it_was_edits_nothing(
    ran: Callable[[int], Execution], alice: User, as_: As
) -> None:
    execution = ran(1)
    address = f"/executions/{execution.public_id}/checkpoints/{seq_of(execution, '/one')}/fork"
    assert as_(alice).post(address, {"output": '{\r\n  "n": 1\r\n}'}).status_code == 302
    decision = Step.objects.get(execution__forked_from=execution, kind="decision")
    assert "edited_input" not in decision.control


def test_a_fork_that_is_refused_keeps_what_was_written(
    ran: Callable[[int], Execution], alice: User, as_: As
) -> None:
    execution = ran(1)
    address = f"/executions/{execution.public_id}/checkpoints/{seq_of(execution, '/one')}/fork"
    response = as_(alice).post(address, {"output": "{not json"})
    assert response.status_code == 400 and "{not json" in response.content.decode()
    assert Execution.objects.count() == 1


def test_two_checkpoints_are_told_apart_line_by_line(
    ran: Callable[[int], Execution], alice: User, as_: As
) -> None:
    execution = ran(3)
    one, two = seq_of(execution, "/one"), seq_of(execution, "/two")
    page = shown(as_(alice), f"/executions/{execution.public_id}/moments?a={one}&b={two}")
    assert "-  &quot;n&quot;: 3" in page and "+  &quot;m&quot;: 6" in page
    assert "+  &quot;twice&quot;: 6" in page
    shown(as_(alice), f"/executions/{execution.public_id}/moments?a=9999&b=0", 404)


def test_two_runs_are_compared_step_by_step(
    ran: Callable[[int], Execution], alice: User, bob: User, as_: As
) -> None:
    left, right, same = ran(1), ran(2), ran(1)
    address = f"/executions/{left.public_id}/compare"
    assert right.public_id in shown(as_(alice), address)
    page = shown(as_(alice), f"{address}?with={right.public_id}")
    assert "3 steps of 3 differ" in page and "+  &quot;sum&quot;: 5" in page
    assert "did the same and gave the same" in shown(as_(alice), f"{address}?with={same.public_id}")
    shown(as_(alice), f"{address}?with=wex-unknown", 404)
    shown(as_(bob), address, 404)


def test_an_optional_step_is_skipped_with_an_output(
    begin: Callable[..., Execution], drive: Drive, alice: User, as_: As
) -> None:
    failed, client = drive(begin(fails="no", optional=True)), as_(alice)
    assert "Skip with an output" in shown(client, f"/executions/{failed.public_id}/")
    sent = {"seq": failed.head_seq, "output": '{"paid": "cash"}', "reason": "paid at the till"}
    client.post(f"/executions/{failed.public_id}/do/skip", sent)
    skipped = Step.objects.get(execution=failed, status="SKIPPED")
    assert skipped.output == {"paid": "cash"}


def test_what_a_call_gave_can_be_changed_where_the_run_stands_still(
    alice: User, bob: User, as_: As, drive: Drive, support: User
) -> None:
    text = HEAD % "calls" + (
        "do:\n- ask: {call: human, with: {prompt: well?, approvers: {users: [alice]}}}\n"
        "- fails: {raise: {error: {type: 'https://x.example/e', status: 500}}}\n"
    )
    execution = drive(start(apply_definition(text, alice).workflow, alice, input={}))
    client = as_(alice)
    ask = Ask.objects.get(execution=execution)
    client.post(f"/approvals/{ask.public_id}/respond", {"outcome": "approve"})
    failed = drive(Execution.objects.get(pk=execution.pk))
    assert failed.phase == Phase.FAILED, failed.failure_reason
    seq = seq_of(failed, "/ask")
    page = shown(client, f"/executions/{failed.public_id}/")
    assert "Change what it gave" in page
    assert "Change what it gave" not in shown(as_(support), f"/executions/{failed.public_id}/")
    address = f"/executions/{failed.public_id}/checkpoints/{seq}/amend"
    assert address in shown(client, f"/executions/{failed.public_id}/")
    page = " ".join(shown(client, address).split())
    assert "<bdi>ask</bdi></strong> gets another result" in page and "1 step that came" in page
    assert "&quot;outcome&quot;" in page
    sent = {"seq": failed.head_seq, "step": seq, "output": '{"said": "no"}'}
    client.post(f"/executions/{failed.public_id}/do/amend", sent)
    standing = Step.objects.get(execution=failed, path="/ask", superseded_by=None)
    assert standing.output == {"said": "no"}
