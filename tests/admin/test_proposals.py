"""Proposals in the admin: agreed to by somebody else, turned down, and never edited."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from executions.accounts.confirming import KEY
from executions.models import AuditEntry, Execution, Proposal
from executions.models.proposal import Outcome
from executions.states import Phase
from tests.admin.conftest import Make
from tests.admin.test_verbs import confirm

pytestmark = pytest.mark.database
AsUser = Callable[[User], Client]
LIST = reverse("admin:executions_proposal_changelist")


@pytest.fixture(autouse=True)
def two_persons(settings: Any) -> None:
    settings.STIGMER_TWO_PERSONS = True


@pytest.fixture
def asked(admin: User, support: User, as_user: AsUser, make: Make) -> Execution:
    """A run for which support asked for a restore."""
    run = make()
    [said] = confirm(as_user(support), "restore", run, checkpoint="0", reason="it is wrong")
    assert "waits for a second person" in said
    return run


def pressed(client: Client, what: str) -> list[str]:
    data = {"action": what, "_selected_action": [str(Proposal.objects.get().pk)]}
    answer = client.post(LIST, data, follow=True)
    return [str(message) for message in answer.context["messages"]]


def test_a_second_person_agrees(asked: Execution, admin: User, as_user: AsUser) -> None:
    [said] = pressed(as_user(admin), "agree")
    assert "was agreed to and done" in said
    asked.refresh_from_db()
    assert asked.phase == Phase.PENDING
    entry = AuditEntry.objects.get(execution=asked, verb="restore")
    assert entry.actor == admin
    assert "asked for by support, agreed to by admin" in entry.reason
    [again] = pressed(as_user(admin), "agree")
    assert "It is over" in again


def test_the_first_person_does_not(asked: Execution, support: User, as_user: AsUser) -> None:
    [said] = pressed(as_user(support), "agree")
    assert "somebody else has to agree" in said
    asked.refresh_from_db()
    assert asked.phase == Phase.FAILED


def test_it_is_turned_down(asked: Execution, admin: User, as_user: AsUser) -> None:
    [said] = pressed(as_user(admin), "turn_down")
    assert "nothing was done" in said
    assert Proposal.objects.get().outcome == Outcome.TURNED_DOWN


def test_an_old_log_in_is_asked_for_the_password(
    asked: Execution, admin: User, as_user: AsUser
) -> None:
    client = as_user(admin)
    session = client.session
    session[KEY] = time.time() - 3600
    session.save()
    data = {"action": "agree", "_selected_action": [str(Proposal.objects.get().pk)]}
    answer = client.post(LIST, data)
    assert answer["Location"].startswith(reverse("account_reauthenticate"))
    asked.refresh_from_db()
    assert asked.phase == Phase.FAILED


def test_its_page_says_who_has_to_agree(asked: Execution, admin: User, as_user: AsUser) -> None:
    row = Proposal.objects.get()
    page = as_user(admin).get(reverse("admin:executions_proposal_change", args=[row.pk]))
    text = page.content.decode()
    assert "A second person, from support or an administrator" in text
    assert "runs_again" in text
