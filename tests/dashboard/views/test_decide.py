"""A step that was interrupted, of which nobody knows whether it had its effect, waits for a person;
one that failed may be tried again with another input.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from executions.intake.apply import apply_definition
from executions.intake.start import start
from executions.models import Execution, LateAnswer, Step
from executions.states import Phase
from tests.dashboard.conftest import HEAD
from tests.driving import functions
from tests.driving.crashing import drive_and_die, drive_on

pytestmark = pytest.mark.django_db(transaction=True)
As = Callable[[User], Client]


@pytest.fixture
def doubtful(alice: User, tmp_path: Path) -> Execution:
    assert functions.note_once.__name__ == "note_once"
    call = {
        "function": "tests.note_once",
        "arguments": {"ledger": str(tmp_path / "ledger"), "line": "a"},
    }
    text = HEAD % "doubtful" + f"do: [{{pay: {{call: python, with: {json.dumps(call)}}}}}]\n"
    execution = start(apply_definition(text, alice).workflow, alice, input={})
    assert drive_and_die(execution, 3)
    return drive_on(execution)


def test_the_page_asks_and_an_output_answers(doubtful: Execution, alice: User, as_: As) -> None:
    client, address = as_(alice), f"/executions/{doubtful.public_id}/"
    assert "may or may not have happened" in client.get(address).content.decode()
    sent = {
        "seq": doubtful.head_seq,
        "choice": "mark_done",
        "output": '{"paid": 19}',
        "reason": "seen at the bank",
    }
    assert client.post(f"{address}do/decide", sent).status_code == 302
    assert drive_on(doubtful).output == {"paid": 19}
    assert "seen at the bank" in client.get(f"{address}audit").content.decode()


def keep_answer(execution: Execution, output: Any) -> None:
    """What came when the lease was lost."""
    step, now = Step.objects.get(execution=execution), timezone.now()
    LateAnswer.objects.create(
        execution=execution,
        step=step,
        number=1,
        token=1,
        key=step.control["key"],
        why="lost",
        succeeded=True,
        output=output,
        began_at=now,
        came_at=now,
    )


def test_an_answer_that_came_late_is_shown_and_filled_in_and_answers_where_nothing_else_is_said(
    doubtful: Execution, alice: User, as_: As
) -> None:
    keep_answer(doubtful, {"paid": 19, "by": "<b>card</b>"})
    client, address = as_(alice), f"/executions/{doubtful.public_id}/"
    page = client.get(address).content.decode()
    assert "its answer came when the run was in other hands already" in page
    assert "may or may not have happened" not in page
    assert "outcome unknown" in page, "the attempt that was lost has not succeeded"
    filled = re.search(r'<textarea[^>]*id="decide-output"[^>]*>(.*?)</textarea>', page, re.S)
    assert filled and json.loads(html.unescape(filled.group(1))) == {
        "paid": 19,
        "by": "<b>card</b>",
    }
    status = client.get(f"/api/v1/workflow-executions/{doubtful.public_id}").json()["status"]
    assert (status["late_answer"]["succeeded"], status["late_answer"]["output"]["paid"]) == (
        True,
        19,
    )
    decided = client.post(
        f"/api/v1/workflow-executions/{doubtful.public_id}/decide",
        {"choice": "mark_done"},
        "application/json",
    )
    assert decided.status_code == 200, decided.content
    assert drive_on(doubtful).output == {"paid": 19, "by": "<b>card</b>"}
    assert (
        client.get(f"/api/v1/workflow-executions/{doubtful.public_id}").json()["status"][
            "late_answer"
        ]
        is None
    )


def test_a_failed_call_is_retried_with_the_input_that_was_edited_on_its_page(
    alice: User, as_: As, tmp_path: Path
) -> None:
    call = {
        "function": "tests.fails",
        "arguments": {"ledger": str(tmp_path / "ledger"), "times": 9, "transient": False},
    }
    text = HEAD % "edited" + f"do: [{{pay: {{call: python, with: {json.dumps(call)}}}}}]\n"
    failed = drive_on(start(apply_definition(text, alice).workflow, alice, input={}))
    client, address = as_(alice), f"/executions/{failed.public_id}/"
    page = client.get(address).content.decode()
    assert "Edit and retry…" in page and "&quot;times&quot;: 9" in page
    edited = call | {"arguments": {"ledger": str(tmp_path / "ledger"), "times": 0}}
    sent = {
        "seq": failed.head_seq,
        "arguments": json.dumps(edited),
        "reason": "nine was a typing error",
    }
    assert client.post(f"{address}do/retry", sent).status_code == 302
    assert drive_on(failed).phase == Phase.COMPLETED
    audit = client.get(f"{address}audit").content.decode()
    assert "with an edited input" in audit and "nine was a typing error" in audit


def test_an_output_that_is_no_json_is_refused_in_words(
    doubtful: Execution, alice: User, as_: As
) -> None:
    sent = {"seq": doubtful.head_seq, "choice": "mark_done", "output": "{paid"}
    response = as_(alice).post(f"/executions/{doubtful.public_id}/do/decide", sent)
    assert response.status_code == 400 and "The output is not JSON" in response.content.decode()
    assert Execution.objects.get(pk=doubtful.pk).phase == Phase.WAITING


def test_support_sees_the_question_among_what_needs_attention(
    doubtful: Execution, support: User, as_: As
) -> None:
    client = as_(support)
    assert doubtful.public_id in client.get("/attention/?kind=decision").content.decode()
    assert doubtful.public_id not in client.get("/attention/?kind=flagged").content.decode()
    assert (
        "Only the owner or an administrator may decide"
        in client.get(f"/executions/{doubtful.public_id}/").content.decode()
    )
