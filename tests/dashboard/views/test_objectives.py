"""The objective of a workflow on its page, on the overview, and the form that sets it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from dashboard.queries import objectives as queries
from executions.models import Execution, Objective, Workflow
from executions.objectives import burning
from executions.objectives.setting import Wanted, set_objective
from tests.objectives.conftest import ran  # noqa: F401

pytestmark = pytest.mark.django_db
As = Callable[[User], Client]


def test_a_workflow_without_one_says_nothing_and_its_owner_sets_one(
    workflow: Workflow,
    alice: User,
    bob: User,
    as_: As,
    ran: Callable[..., Execution],  # noqa: F811
) -> None:
    owner, page = as_(alice), f"/workflows/{workflow.public_id}/"
    ran()
    ran("FAILED")
    assert "Last 30 days" not in owner.get(page).content.decode()
    assert 'id="objectives"' not in owner.get("/").content.decode()
    assert f"{page}objective" not in as_(bob).get(page).content.decode()
    form = owner.get(f"{page}objective").content.decode()
    assert 'name="success_percent"' in form and "Remove the objective" not in form
    sent = {"success_percent": "75", "within_seconds": "30", "within_percent": ""}
    assert owner.post(f"{page}objective", sent).headers["Location"] == page
    shown = owner.get(page).content.decode()
    assert "50 % of 2 runs" in shown and "200 %: 1 of 0.5 runs" in shown
    assert "75 % complete: missed" in shown and "95 % within 30 s: kept" in shown
    overview = owner.get("/").content.decode()
    assert "Objectives of workflows" in overview and "200 %" in overview
    assert "Remove the objective" in owner.get(f"{page}objective").content.decode()
    owner.post(f"{page}objective", {"what": "remove"})
    assert not Objective.objects.exists()


def test_what_there_was_no_time_to_count_is_said(
    workflow: Workflow,
    alice: User,
    as_: As,
    ran: Callable[..., Execution],  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    set_objective(workflow, alice, Wanted(success_percent=75))
    ran("FAILED")
    monkeypatch.setattr(queries, "LOOK_SECONDS", 0)
    monkeypatch.setattr(burning, "LOOK_SECONDS", 0)
    shown = as_(alice).get(f"/workflows/{workflow.public_id}/").content.decode()
    assert "0 of 30 days are counted" in shown and "75 % complete: not counted yet" in shown
    assert "Of 1 workflow not all days are counted yet" in as_(alice).get("/").content.decode()


def test_what_is_no_objective_comes_back_with_what_was_typed(
    workflow: Workflow, alice: User, as_: As
) -> None:
    address = f"/workflows/{workflow.public_id}/objective"
    for sent, said in (
        ({"success_percent": "<b>"}, "It is a number."),
        ({"within_seconds": "1.5"}, "It is a whole number of seconds."),
        ({"within_seconds": "1e999"}, "It is a whole number of seconds."),
        ({"success_percent": "120"}, "It is a percentage from 50 to 99.99."),
        ({}, "Say which share of the runs completes"),
    ):
        answer = as_(alice).post(address, sent)
        assert answer.status_code == 400
        text = answer.content.decode()
        assert said in text and 'aria-invalid="true"' in text and "<b>" not in text
