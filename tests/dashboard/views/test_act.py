from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client

from executions.audit import entries
from executions.models import Execution
from executions.states import Phase

As = Callable[[User], Client]
HTMX = {"HX-Request": "true"}


def phase_of(execution: Execution) -> str:
    return Execution.objects.get(pk=execution.pk).phase


def test_retry_puts_the_run_back_to_work_and_says_so_in_place(
    failed: Execution, alice: User, as_: As
) -> None:
    address = f"/executions/{failed.public_id}/do/retry"
    response = as_(alice).post(address, {"seq": failed.head_seq}, headers=HTMX)
    assert response.status_code == 200
    assert b"The step is being tried again" in response.content
    assert phase_of(failed) == Phase.PENDING


def test_a_double_click_is_one_effect_and_told_the_same_twice(
    failed: Execution, alice: User, as_: As
) -> None:
    client, address = as_(alice), f"/executions/{failed.public_id}/do/retry"
    first, again = (client.post(address, {"seq": failed.head_seq}, headers=HTMX) for _ in range(2))
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.content == again.content and b"The step is being tried again" in again.content
    assert first["X-Explained"] and again["X-Explained"]
    assert Execution.objects.get(pk=failed.pk).events.filter(name="WORKFLOW_RETRIED").count() == 1
    plain = client.post(address, {"seq": failed.head_seq})
    assert (plain.status_code, plain["Location"]) == (302, f"/executions/{failed.public_id}/")


@pytest.mark.parametrize("verb", ["pause", "cancel", "terminate"])
def test_a_double_click_on_a_button_of_an_active_run_is_told_the_same_twice(
    verb: str, begin: Callable[..., Execution], alice: User, as_: As
) -> None:
    execution, client = begin(), as_(alice)
    address = f"/executions/{execution.public_id}/do/{verb}"
    answers = [client.post(address, {"seq": execution.head_seq}, headers=HTMX) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].content == answers[1].content


def test_what_somebody_else_did_meanwhile_is_stale_and_says_what_changed(
    failed: Execution, alice: User, admin: User, as_: As
) -> None:
    address = f"/executions/{failed.public_id}/do/retry"
    as_(alice).post(address, {"seq": failed.head_seq}, headers=HTMX)
    again = as_(admin).post(address, {"seq": failed.head_seq}, headers=HTMX)
    assert again.status_code == 412
    assert "Retry asked for by alice" in again.content.decode().replace("\n", "")
    assert Execution.objects.get(pk=failed.pk).events.filter(name="WORKFLOW_RETRIED").count() == 1


def test_the_same_button_of_an_old_page_is_no_double_click(
    failed: Execution, alice: User, as_: As, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, address = as_(alice), f"/executions/{failed.public_id}/do/retry"
    client.post(address, {"seq": failed.head_seq}, headers=HTMX)
    monkeypatch.setattr(entries, "REPETITION", timedelta(0))
    assert client.post(address, {"seq": failed.head_seq}, headers=HTMX).status_code == 412
    assert client.post(address, {"seq": ""}, headers=HTMX).status_code == 412


def test_another_choice_from_the_same_page_is_no_double_click(
    failed: Execution, alice: User, as_: As
) -> None:
    client, address = as_(alice), f"/executions/{failed.public_id}/do/retry"
    client.post(address, {"seq": failed.head_seq}, headers=HTMX)
    again = client.post(address, {"seq": failed.head_seq, "arguments": "{}"}, headers=HTMX)
    assert again.status_code == 412, "its input was not edited"


@pytest.mark.parametrize("seq", ["", "-3", "seven", "9" * 40])
def test_a_form_without_a_good_sequence_counts_as_stale(
    seq: str, failed: Execution, alice: User, as_: As
) -> None:
    response = as_(alice).post(f"/executions/{failed.public_id}/do/retry", {"seq": seq})
    assert response.status_code == 412
    assert phase_of(failed) == Phase.FAILED


def test_a_required_step_has_no_way_to_be_skipped(failed: Execution, alice: User, as_: As) -> None:
    client = as_(alice)
    page = client.get(f"/executions/{failed.public_id}/").content.decode()
    assert "/do/skip" not in page
    assert "charge” is required" in page
    response = client.post(
        f"/executions/{failed.public_id}/do/skip", {"seq": failed.head_seq}, headers=HTMX
    )
    assert response.status_code == 400
    assert b"required" in response.content


def test_an_optional_step_can_be_skipped_and_the_run_goes_on(
    begin: Callable[..., Execution], drive: Callable[[Execution], Execution], alice: User, as_: As
) -> None:
    failed = drive(begin(fails="no funds", optional=True))
    client = as_(alice)
    assert "/do/skip" in client.get(f"/executions/{failed.public_id}/").content.decode()
    client.post(f"/executions/{failed.public_id}/do/skip", {"seq": failed.head_seq})
    assert drive(failed).phase == Phase.COMPLETED


def test_a_refusal_without_scripts_is_the_whole_page(
    failed: Execution, alice: User, as_: As
) -> None:
    response = as_(alice).post(f"/executions/{failed.public_id}/do/pause")
    assert response.status_code == 400
    assert b"<h1>" in response.content


def test_an_unknown_verb_is_not_found(failed: Execution, alice: User, as_: As) -> None:
    assert as_(alice).post(f"/executions/{failed.public_id}/do/delete").status_code == 404


def test_an_active_run_can_be_paused_resumed_and_terminated(
    begin: Callable[..., Execution], alice: User, as_: As
) -> None:
    execution, client = begin(), as_(alice)
    for verb, phase in (("pause", "PAUSED"), ("resume", "PENDING"), ("terminate", "TERMINATED")):
        response = client.post(f"/executions/{execution.public_id}/do/{verb}", headers=HTMX)
        assert response.status_code == 200, response.content
        assert phase_of(execution) == phase


def test_an_edited_input_that_is_no_json_is_explained(
    failed: Execution, alice: User, as_: As
) -> None:
    sent = {"seq": failed.head_seq, "arguments": "{not json"}
    response = as_(alice).post(f"/executions/{failed.public_id}/do/retry", sent, headers=HTMX)
    assert response.status_code == 400
    assert b"not JSON" in response.content
    assert phase_of(failed) == Phase.FAILED
