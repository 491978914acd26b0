from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.contrib.auth.models import User
from django.test import Client

from executions.models import BulkRun, CauseNote, Execution
from executions.states import Phase
from executions.verbs.row import Reason
from executions.verbs.rows import VERBS

As = Callable[[User], Client]
Begin = Callable[..., Execution]
Drive = Callable[[Execution], Execution]


def test_support_sees_why_everybodys_runs_stopped(
    failed: Execution, support: User, as_: As
) -> None:
    page = as_(support).get("/attention/").content.decode()
    for part in (
        failed.public_id,
        "the till is empty",
        "step <bdi>charge</bdi>",
        "0 retries",
        "alice",
    ):
        assert part in page


def test_a_person_sees_the_causes_of_their_own_runs_alone(
    begin: Begin, drive: Drive, alice: User, bob: User, as_: As
) -> None:
    drive(begin(fails="the till is empty"))
    drive(begin(fails="the shelf is empty", owner=bob))
    page = as_(alice).get("/attention/").content.decode()
    assert "the till is empty" in page and "the shelf is empty" not in page
    assert ">Retry<" in page.replace("</svg>", ">").replace("\n", "")


def test_those_set_aside_have_a_list_of_their_own(failed: Execution, admin: User, as_: As) -> None:
    client = as_(admin)
    assert failed.public_id not in client.get("/attention/?kind=flagged").content.decode()
    Execution.objects.filter(pk=failed.pk).update(requires_manual_intervention=True)
    assert failed.public_id in client.get("/attention/?kind=flagged").content.decode()
    assert failed.public_id not in client.get("/attention/?kind=failed").content.decode()


def test_an_unknown_kind_is_all_of_them(failed: Execution, admin: User, as_: As) -> None:
    assert failed.public_id in as_(admin).get("/attention/?kind=nonsense").content.decode()


def test_runs_that_failed_alike_are_one_row_with_one_button_for_all(
    begin: Begin, drive: Drive, support: User, as_: As
) -> None:
    for number in range(3):
        drive(begin(fails=f"order {number + 100} is unknown"))
    client = as_(support)
    page = client.get("/attention/").content.decode()
    assert page.count('class="cause-row"') == 1
    assert "Recover all 3" in page
    # Support may retry and recover, and skip nothing.
    assert "Retry all 3" in page
    assert "Skip all" not in page
    cause = Execution.objects.values_list("cause", flat=True).first()
    sent = {"cause": cause, "verb": "recover", "sure": "yes", "reason": "mended"}
    client.post("/executions/bulk", sent)
    assert BulkRun.objects.get().counts()["DONE"] == 3
    assert {run.phase for run in Execution.objects.all()} == {Phase.PENDING}


def test_one_run_alone_is_acted_on_from_its_row(failed: Execution, alice: User, as_: As) -> None:
    client = as_(alice)
    page = client.get("/attention/").content.decode()
    address = f"/executions/{failed.public_id}/do/recover"
    assert f'action="{address}"' in page
    answer = client.post(address, {"seq": failed.head_seq})
    assert answer.headers["Location"] == f"/executions/{failed.public_id}/"
    assert Execution.objects.get(pk=failed.pk).phase == Phase.PENDING


def test_support_says_why_in_the_row(failed: Execution, support: User, as_: As) -> None:
    client, act = as_(support), f"/executions/{failed.public_id}/do/recover"
    page = client.get("/attention/").content.decode()
    assert f'formaction="{act}"' in page and 'name="reason"' in page
    seq = failed.head_seq
    client.post(act, {"seq": seq})
    assert Execution.objects.get(pk=failed.pk).phase == Phase.FAILED
    client.post(act, {"seq": seq, "reason": "the till is full"})
    assert Execution.objects.get(pk=failed.pk).phase == Phase.PENDING


def test_an_owner_says_why_in_the_row_where_a_verb_asks_everybody(
    begin: Begin, drive: Drive, alice: User, as_: As, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(VERBS, "skip", replace(VERBS["skip"], reason=Reason.REQUIRED))
    failed = drive(begin(fails="no funds", optional=True))
    page = as_(alice).get("/attention/").content.decode()
    assert f'formaction="/executions/{failed.public_id}/do/skip"' in page
    assert f'action="/executions/{failed.public_id}/do/retry"' in page
    assert f'formaction="/executions/{failed.public_id}/do/retry"' not in page
    assert page.count('name="reason"') == 1


def test_support_says_why_many_are_acted_on(failed: Execution, support: User, as_: As) -> None:
    client = as_(support)
    sent = {"verb": "recover", "cause": failed.cause}
    asked = client.post("/executions/bulk", sent)
    assert 'name="reason"' in asked.content.decode() and asked.status_code == 200
    refused = client.post("/executions/bulk", {**sent, "sure": "yes"})
    assert (refused.status_code, b"A reason is needed." in refused.content) == (400, True)
    client.post("/executions/bulk", {**sent, "sure": "yes", "reason": "the till is full"})
    assert Execution.objects.get(pk=failed.pk).phase == Phase.PENDING


def test_skip_is_offered_only_where_the_failed_step_is_optional(
    begin: Begin, drive: Drive, admin: User, as_: As
) -> None:
    drive(begin(fails="no funds", optional=True))
    assert "do/skip" in as_(admin).get("/attention/").content.decode()
    Execution.objects.all().delete()
    drive(begin(fails="no funds"))
    assert "do/skip" not in as_(admin).get("/attention/").content.decode()


def test_a_note_an_assignee_and_a_snooze_are_kept_and_shown(
    failed: Execution, support: User, admin: User, as_: As
) -> None:
    sent = {"note": "the bank knows", "assignee": "sue", "snooze": "1d"}
    as_(admin).post(f"/attention/{failed.cause}/note", sent)
    page = as_(support).get("/attention/").content.decode()
    assert "the bank knows" in page and "Put off</h2>" in page
    as_(support).post(f"/attention/{failed.cause}/note", {"snooze": ""})
    page = as_(support).get("/attention/").content.decode()
    assert "Put off</h2>" not in page and "the bank knows" in page


def test_notes_of_operators_and_of_an_owner_are_apart(
    failed: Execution, alice: User, bob: User, support: User, as_: As
) -> None:
    as_(support).post(f"/attention/{failed.cause}/note", {"note": "for us"})
    assert "for us" not in as_(alice).get("/attention/").content.decode()
    answer = as_(alice).post(f"/attention/{failed.cause}/note", {"assignee": "sue"})
    assert answer.status_code == 400 and CauseNote.objects.filter(owner=alice).count() == 0
    assert as_(bob).post(f"/attention/{failed.cause}/note", {"note": "x"}).status_code == 404
