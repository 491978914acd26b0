"""External runners that fall silent are said once, until they speak again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from executions.intake.apply import apply_definition
from executions.intake.start import start
from executions.intake.update_status import update_status
from executions.journal.events import EventName
from executions.models import Event, Execution, Notification
from executions.recovery.runners import note_silent_runners
from tests.intake.conftest import WORKFLOW

pytestmark = [pytest.mark.database, pytest.mark.django_db]


@pytest.fixture
def alice() -> User:
    return User.objects.create_user("alice")


@pytest.fixture
def execution(alice: User) -> Execution:
    return start(
        apply_definition(WORKFLOW % "outside", alice).workflow, alice, input={}, runner="external"
    )


def fall_silent() -> None:
    Execution.objects.update(runner_due_at=timezone.now() - timedelta(seconds=1))


def test_who_speaks_in_time_is_not_silent(execution: Execution, alice: User) -> None:
    update_status(execution.pk, alice, {"sequence": 1, "phase": "IN_PROGRESS"})
    assert not Execution.objects.get().is_runner_silent()
    assert note_silent_runners() == 0


def test_a_silent_runner_is_said_once_and_its_owner_is_told(
    execution: Execution, alice: User
) -> None:
    fall_silent()
    assert Execution.objects.get().is_runner_silent()
    assert [note_silent_runners(), note_silent_runners()] == [1, 0]
    event = Event.objects.get(name=EventName.RUNNER_SILENT)
    assert event.payload["allowed_seconds"] == 300
    assert Notification.objects.get().user == alice
    assert Execution.objects.needing_attention().get() == execution


def test_when_it_speaks_again_all_is_well(execution: Execution, alice: User) -> None:
    fall_silent()
    note_silent_runners()
    update_status(execution.pk, alice, {"sequence": 1, "phase": "IN_PROGRESS"})
    stored = Execution.objects.get()
    assert (stored.is_runner_silent(), stored.runner_silent_at) == (False, None)
    assert not Execution.objects.needing_attention().exists()


def test_a_run_that_ended_or_is_paused_may_be_silent(execution: Execution, alice: User) -> None:
    update_status(execution.pk, alice, {"sequence": 1, "phase": "COMPLETED"})
    fall_silent()
    assert not Execution.objects.get().is_runner_silent()
    assert note_silent_runners() == 0


def test_our_own_runs_are_not_meant(alice: User) -> None:
    start(apply_definition(WORKFLOW % "ours", alice).workflow, alice, input={})
    fall_silent()
    assert note_silent_runners() == 0
