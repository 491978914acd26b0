from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from executions.intake.apply import apply_definition
from executions.intake.start import start
from executions.models import AuditEntry, Execution, Step
from executions.states import Phase

As = Callable[[User], Client]
Drive = Callable[[Execution], Execution]


def text(client: Client, execution: Execution, tab: str) -> str:
    response = client.get(f"/executions/{execution.public_id}/{tab}")
    assert response.status_code == 200
    return response.content.decode()


def test_the_graph_marks_the_failed_task_and_says_the_same_in_a_table(
    failed: Execution, alice: User, as_: As
) -> None:
    page = text(as_(alice), failed, "graph")
    assert page.count("tone-bad here") == 1
    address = f"/executions/{failed.public_id}/?find=%2Fcharge"
    row = page.partition('<tr class="here">')[2].partition("</tr>")[0]
    assert f'<a href="{address}"' in row and "<bdi>charge</bdi>" in row
    assert "here now" in page


def test_events_show_their_payload(failed: Execution, alice: User, as_: As) -> None:
    page = text(as_(alice), failed, "events")
    assert "WORKFLOW_STEP_FAILED" in page and "can_retry" in page


def test_an_owner_sees_checkpoints_and_who_may_restore(
    failed: Execution, alice: User, as_: As
) -> None:
    page = text(as_(alice), failed, "checkpoints")
    assert "prepare" in page and "Only support or an administrator may restore." in page
    assert "Restore…" not in page


def test_support_previews_a_restore_and_needs_a_reason(
    failed: Execution, support: User, as_: As
) -> None:
    client = as_(support)
    page = text(client, failed, "checkpoints/0")
    assert "2 steps are set aside and run again" in page
    address = f"/executions/{failed.public_id}/do/restore"
    refused = client.post(address, {"seq": failed.head_seq, "checkpoint": "0", "reason": " "})
    assert refused.status_code == 400 and b"A reason is needed" in refused.content
    assert (
        client.post(
            address, {"seq": failed.head_seq, "checkpoint": "0", "reason": "again"}
        ).status_code
        == 302
    )
    assert Execution.objects.get(pk=failed.pk).phase == Phase.PENDING


def test_a_restore_can_be_undone_from_its_page(
    failed: Execution, support: User, as_: As, drive: Drive
) -> None:
    client, address = as_(support), f"/executions/{failed.public_id}/do/"
    client.post(f"{address}restore", {"seq": failed.head_seq, "checkpoint": "0", "reason": "again"})
    again = drive(failed)
    assert "Undo the restore" in text(client, again, "checkpoints")
    response = client.post(f"{address}undo-restore", {"seq": again.head_seq, "reason": "a mistake"})
    assert response.status_code == 302
    page = text(client, again, "audit")
    assert "a mistake" in page and "undo restore" in page and "to the beginning" in page


@pytest.mark.parametrize("checkpoint", ["", "-1", "x", "9" * 30, "4711"])
def test_a_checkpoint_that_is_none_is_refused(
    checkpoint: str, failed: Execution, support: User, as_: As
) -> None:
    sent = {"seq": failed.head_seq, "checkpoint": checkpoint, "reason": "why not"}
    response = as_(support).post(f"/executions/{failed.public_id}/do/restore", sent)
    assert response.status_code == 400
    assert Execution.objects.get(pk=failed.pk).phase == Phase.FAILED


def test_the_audit_says_who_did_what_and_why(failed: Execution, alice: User, as_: As) -> None:
    client = as_(alice)
    client.post(
        f"/executions/{failed.public_id}/do/retry",
        {"seq": failed.head_seq, "reason": "<b>till refilled</b>"},
    )
    page = text(client, failed, "audit")
    assert AuditEntry.objects.filter(execution=failed).count() == 1
    assert "retry" in page and "&lt;b&gt;till refilled&lt;/b&gt;" in page


FORKED = """document: {dsl: '1.0.0', namespace: n, name: forked, version: '1.0.0'}
do:
- t:
    fork:
      branches:
      - a:
          do:
          - a1: {set: {x: 1}}
          - a2: {raise: {error: {type: 'https://x.example/e', status: 409}}}
      - b: {do: [{b1: {set: {x: 2}}}, {pause: {wait: {hours: 1}}}]}
"""


def test_a_page_with_branches_shows_who_stands_by_and_what_a_restore_leaves_alone(
    alice: User, support: User, drive: Drive, as_: As
) -> None:
    failed = drive(start(apply_definition(FORKED, alice).workflow, alice, input={}))
    assert failed.phase == Phase.FAILED
    page = text(as_(alice), failed, "")
    assert "Stands by until what failed is tried again" in page
    assert page.count('class="group branch') == 2
    assert page.count('class="group branch odd"') == 1
    seq = Step.objects.get(execution=failed, path="/t/a/a1").seq
    shown = text(as_(support), failed, f"checkpoints/{seq}")
    assert "Beside it <bdi>b</bdi> stays as it is." in shown


CAUGHT = """document: {dsl: '1.0.0', namespace: n, name: caught, version: '1.0.0'}
do:
- all:
    for: {in: '${ [1, 2, 3] }'}
    do:
    - guard:
        try: [{look: {raise: {error: {type: 'https://x.example/e', status: 409}}}}]
        catch: {do: [{note: {set: {noted: true}}}]}
- never: {if: '${ false }', set: {x: 1}}
"""


def test_the_graph_shows_what_was_caught_the_way_taken_and_how_often_a_loop_went_round(
    alice: User, drive: Drive, as_: As
) -> None:
    run = drive(start(apply_definition(CAUGHT, alice).workflow, alice, input={}))
    assert run.phase == Phase.COMPLETED
    page = text(as_(alice), run, "graph")
    assert "look: caught" in page and "Caught</span>" in page and "tone-bad" not in page
    assert "3 rounds" in page and page.count(" taken") > 3
    assert "find=%2Fall%2F%402%2Fguard%2Ftry%401%2Flook" in page
