from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from executions.ids import public_id, uuid7
from executions.models import BulkRun, Execution
from executions.states import Phase

As = Callable[[User], Client]
Begin = Callable[..., Execution]
Drive = Callable[[Execution], Execution]
ADDRESS = "/executions/bulk"


def row(execution: Execution) -> str:
    return f"{execution.public_id}@{execution.head_seq}"


def send(client: Client, **sent: Any) -> str:
    return client.post(ADDRESS, sent, follow=True).content.decode()


def test_each_row_says_what_came_of_it(begin: Begin, drive: Drive, alice: User, as_: As) -> None:
    failed, works = drive(begin(fails="no funds")), drive(begin())
    page = send(as_(alice), verb="retry", row=[row(failed), row(works)])
    assert "<title>retry 2 executions" in page
    assert "possible only when it is FAILED" in page
    assert Execution.objects.get(pk=failed.pk).phase == Phase.PENDING
    assert Execution.objects.get(pk=works.pk).phase == Phase.COMPLETED
    assert BulkRun.objects.get().counts() == {
        "WAITING": 0,
        "DONE": 1,
        "REFUSED": 1,
        "TAKEN_BACK": 0,
        "LEFT": 0,
    }


def test_a_row_that_has_changed_since_is_refused(
    failed: Execution, alice: User, admin: User, as_: As
) -> None:
    send(as_(admin), verb="retry", row=[row(failed)])
    assert "It was at" in send(as_(alice), verb="retry", row=[row(failed)])
    assert failed.events.filter(name="WORKFLOW_RETRIED").count() == 1


def test_a_double_click_is_one_bulk_run(failed: Execution, alice: User, as_: As) -> None:
    client = as_(alice)
    for _ in range(2):
        send(client, verb="retry", row=[row(failed)])
    assert BulkRun.objects.get().counts()["DONE"] == 1
    assert failed.events.filter(name="WORKFLOW_RETRIED").count() == 1


def test_cancelling_several_asks_first(begin: Begin, alice: User, as_: As) -> None:
    client, execution = as_(alice), begin()
    assert "Cancel 1 execution?" in send(client, verb="cancel", row=[row(execution)])
    assert Execution.objects.get(pk=execution.pk).phase == Phase.PENDING
    send(client, verb="cancel", row=[row(execution)], sure="yes")
    assert Execution.objects.get(pk=execution.pk).phase == Phase.CANCELLED


def test_foreign_rows_are_as_if_they_did_not_exist(failed: Execution, bob: User, as_: As) -> None:
    page = send(as_(bob), verb="retry", row=[row(failed)])
    assert failed.name not in page and "There is nothing to retry" in page
    assert Execution.objects.get(pk=failed.pk).phase == Phase.FAILED


def test_a_bulk_run_is_a_404_to_others(failed: Execution, alice: User, bob: User, as_: As) -> None:
    send(as_(alice), verb="retry", row=[row(failed)])
    bulk = BulkRun.objects.get().public_id
    assert as_(bob).get(f"/bulk/{bulk}/").status_code == 404
    assert as_(bob).post(f"/bulk/{bulk}/stop").status_code == 404
    assert bulk not in as_(bob).get("/bulk/").content.decode()


def test_support_sees_the_bulk_runs_of_others_and_may_not_stop_them(
    failed: Execution, alice: User, support: User, as_: As
) -> None:
    send(as_(alice), verb="retry", row=[row(failed)])
    bulk = BulkRun.objects.get().public_id
    client = as_(support)
    assert client.get(f"/bulk/{bulk}/").status_code == 200
    assert client.post(f"/bulk/{bulk}/stop").status_code == 403


def test_more_than_the_most_is_refused_whole(
    begin: Begin, alice: User, as_: As, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("executions.bulk.beginning.MOST", 2)
    rows = [row(begin()) for _ in range(3)]
    response = as_(alice).post(ADDRESS, {"verb": "cancel", "row": rows, "sure": "yes"})
    assert response.status_code == 400
    assert "at most that many are done in one go" in response.content.decode()


def test_more_than_a_thousand_are_said_by_number(
    begin: Begin, drive: Drive, alice: User, as_: As, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("executions.bulk.beginning.SAID_ABOVE", 1)
    rows = [row(drive(begin(fails="no funds"))) for _ in range(2)]
    client = as_(alice)
    assert "Type 2 to go on" in send(client, verb="retry", row=rows)
    assert "Say the number" in send(client, verb="retry", row=rows, said="3")
    assert not BulkRun.objects.exists()
    send(client, verb="retry", row=rows, said="2")
    assert BulkRun.objects.get().counts()["DONE"] == 2


def test_all_that_match_are_those_that_the_person_may_see(
    begin: Begin, drive: Drive, alice: User, bob: User, as_: As
) -> None:
    mine = [drive(begin(fails="no funds")) for _ in range(3)]
    other, works = drive(begin(fails="no funds", owner=bob)), drive(begin())
    send(as_(alice), verb="retry", all="yes", back="q=status:failed")
    assert BulkRun.objects.get().total == 3
    phases = Execution.objects.in_bulk([row.pk for row in (*mine, other, works)])
    assert {phases[each.pk].phase for each in mine} == {Phase.PENDING}
    assert phases[other.pk].phase == Phase.FAILED


def test_nothing_checked_and_unknown_verbs_are_explained(
    failed: Execution, alice: User, as_: As
) -> None:
    client = as_(alice)
    ids = [f"{public_id('wex', uuid7())}@1", "x@1", "wex-1@x"]
    assert "There is nothing to retry" in send(client, verb="retry", row=ids)
    assert client.post(ADDRESS, {"verb": "terminate", "row": [row(failed)]}).status_code == 400
