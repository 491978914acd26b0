from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.models import User
from django.test import Client

from dashboard import bulk
from executions.ids import public_id, uuid7
from executions.models import Execution
from executions.states import Phase

As = Callable[[User], Client]
Begin = Callable[..., Execution]
Drive = Callable[[Execution], Execution]
ADDRESS = "/executions/bulk"


def row(execution: Execution) -> str:
    return f"{execution.public_id}@{execution.head_seq}"


def test_each_row_says_what_came_of_it(begin: Begin, drive: Drive, alice: User, as_: As) -> None:
    failed, works = drive(begin(fails="no funds")), drive(begin())
    response = as_(alice).post(ADDRESS, {"verb": "retry", "row": [row(failed), row(works)]})
    assert "Retry: 1 of 2 done" in response.content.decode()
    assert Execution.objects.get(pk=failed.pk).phase == Phase.PENDING
    assert Execution.objects.get(pk=works.pk).phase == Phase.COMPLETED


def test_a_row_that_has_changed_since_is_refused(
    failed: Execution, alice: User, admin: User, as_: As
) -> None:
    as_(admin).post(ADDRESS, {"verb": "retry", "row": [row(failed)]})
    again = as_(alice).post(ADDRESS, {"verb": "retry", "row": [row(failed)]})
    assert "Retry: 0 of 1 done" in again.content.decode()


def test_a_double_click_is_one_effect_and_told_the_same_twice(
    failed: Execution, alice: User, as_: As
) -> None:
    client = as_(alice)
    answers = [client.post(ADDRESS, {"verb": "retry", "row": [row(failed)]}) for _ in range(2)]
    assert all("Retry: 1 of 1 done" in answer.content.decode() for answer in answers)
    assert failed.events.filter(name="WORKFLOW_RETRIED").count() == 1


def test_cancelling_several_asks_first(begin: Begin, alice: User, as_: As) -> None:
    client, execution = as_(alice), begin()
    asked = client.post(ADDRESS, {"verb": "cancel", "row": [row(execution)]})
    assert "Cancel 1 execution?" in asked.content.decode()
    assert Execution.objects.get(pk=execution.pk).phase == Phase.PENDING
    client.post(ADDRESS, {"verb": "cancel", "row": [row(execution)], "sure": "yes"})
    assert Execution.objects.get(pk=execution.pk).phase == Phase.CANCELLED


def test_foreign_rows_are_as_if_they_did_not_exist(failed: Execution, bob: User, as_: As) -> None:
    response = as_(bob).post(ADDRESS, {"verb": "retry", "row": [row(failed)]})
    assert failed.name not in response.content.decode()
    assert Execution.objects.get(pk=failed.pk).phase == Phase.FAILED


def test_more_than_the_cap_is_refused_whole(alice: User, as_: As) -> None:
    rows = [f"{public_id('wex', uuid7())}@1" for _ in range(bulk.MOST + 1)]
    response = as_(alice).post(ADDRESS, {"verb": "retry", "row": rows})
    assert response.status_code == 400
    assert f"at most {bulk.MOST}" in response.content.decode()


def test_nothing_checked_and_unknown_verbs_are_explained(
    failed: Execution, alice: User, as_: As
) -> None:
    client = as_(alice)
    assert (
        b"No execution was checked"
        in client.post(ADDRESS, {"verb": "retry", "row": ["x@1", "wex-1@x"]}).content
    )
    assert client.post(ADDRESS, {"verb": "terminate", "row": [row(failed)]}).status_code == 400
