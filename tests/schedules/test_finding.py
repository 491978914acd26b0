"""Schedules are found, their runs too, and metrics say how they stand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client, override_settings

from executions import clock
from executions.models import Execution, Occurrence, Schedule
from executions.models.schedule import ScheduleState
from executions.schedules.starting import start_due
from tests.schedules.conftest import Make, due

pytestmark = [pytest.mark.django_db, pytest.mark.database]
As = Callable[[User], Client]


def test_the_runs_of_a_schedule_are_found_by_its_name_and_by_its_id(
    make: Make, begin: Callable[..., Execution], alice: User, bob: User, as_: As
) -> None:
    schedule = due(make(cron="* * * * *"))
    start_due()
    run = Occurrence.objects.get(schedule=schedule).execution_id
    begin()
    for typed in ("schedule:nightly", f"schedule:{schedule.public_id}"):
        found = as_(alice).get("/executions/", {"q": typed, "sort": "-started"})
        assert [row.pk for row in found.context["page"].rows] == [run], typed
        assert not found.context["filters"].problems
        assert not as_(bob).get("/executions/", {"q": typed}).context["page"].rows
    page = as_(alice).get(f"/schedules/{schedule.public_id}/").content.decode()
    assert f"/executions/?q=schedule:{schedule.public_id}" in page


def test_the_palette_finds_a_schedule_for_those_who_see_it(
    make: Make, alice: User, bob: User, as_: As
) -> None:
    schedule = make()
    for typed in ("night", schedule.public_id):
        (found,) = [
            each
            for each in as_(alice).get("/find", {"q": typed}).json()["found"]
            if each["kind"] == "Schedule"
        ]
        assert found["address"] == f"/schedules/{schedule.public_id}/"
        assert found["note"] == "Active · nightly-alice"
    assert "Schedule" not in [
        each["kind"] for each in as_(bob).get("/find", {"q": "night"}).json()["found"]
    ]


@override_settings(STIGMER_METRICS_TOKEN="open sesame")
def test_metrics_say_which_are_paused_and_how_late_the_first_is(make: Make, client: Client) -> None:
    late = make()
    Schedule.objects.filter(pk=late.pk).update(next_due_at=clock.now() - timedelta(minutes=5))
    stopped = make(name="weekly")
    Schedule.objects.filter(pk=stopped.pk).update(state=ScheduleState.PAUSED, next_due_at=None)
    text = client.get("/metrics", headers={"Authorization": "Bearer open sesame"}).content.decode()
    lines = text.splitlines()
    for state, number in (("active", 1), ("disabled", 0), ("paused", 1)):
        assert f'stigmer_schedules{{state="{state}"}} {number}.0' in lines
    assert "stigmer_schedules_due 1.0" in lines
    seconds = float(text.split("\nstigmer_schedules_late_seconds ")[1].split()[0])
    assert 300 <= seconds < 600
