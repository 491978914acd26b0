"""Schedules before real workers: each time starts one run, whoever looks and whoever dies."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from executions import clock
from executions.intake.apply import apply_definition
from executions.models import Execution, Occurrence, Schedule
from executions.schedules.changing import Wanted, create
from executions.states import Phase
from tests.waiting import START_SECONDS, until
from tests.worker.conftest import HEAD, Start

pytestmark = [pytest.mark.processes, pytest.mark.database, pytest.mark.django_db(transaction=True)]
MANY = 40
WORKS = "do: [{greet: {set: {message: hello}}}]\n"


@pytest.fixture
def due(alice: User) -> list[uuid.UUID]:
    """Schedules whose time came a moment ago, all of them at once."""
    workflow = apply_definition(HEAD % "greets" + WORKS, alice).workflow
    with transaction.atomic():
        made = [
            create(alice, Wanted(f"number {number}", workflow.slug, every="P1D"))
            for number in range(MANY)
        ]
        Schedule.objects.update(next_due_at=clock.now() - timedelta(seconds=1))
    return [each.pk for each in made]


def all_done() -> Any:
    return Execution.objects.filter(phase=Phase.COMPLETED).count() >= MANY


def each_started_once(due: list[uuid.UUID]) -> None:
    assert Execution.objects.count() == MANY
    rows = Occurrence.objects.values_list("schedule_id", "outcome")
    assert sorted(rows) == sorted((key, "started") for key in due)
    assert not Schedule.objects.filter(next_due_at__lte=clock.now()).exists()


def test_two_workers_that_look_at_once_start_one_run_for_each_time(
    due: list[uuid.UUID], worker: Start
) -> None:
    worker()
    worker()
    until(all_done, what="all runs have ended", seconds=START_SECONDS)
    each_started_once(due)


def test_a_worker_that_is_killed_on_the_way_leaves_the_rest_to_another(
    due: list[uuid.UUID], worker: Start
) -> None:
    first = worker()
    until(Occurrence.objects.exists, what="it has begun to start runs", seconds=START_SECONDS)
    first.kill()
    first.wait()
    worker()
    until(all_done, what="all runs have ended", seconds=START_SECONDS)
    each_started_once(due)
