"""What was reached of an objective, its budget and its burn, counted from runs."""

from __future__ import annotations

import pytest
import redis
from django.contrib.auth.models import User
from django.test import Client, override_settings

from executions import clock
from executions.in_time import Time
from executions.models import Execution, Objective, Workflow
from executions.objectives import burning, counting
from executions.objectives.setting import Wanted, set_objective
from tests.objectives.conftest import Ran

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def objective(workflow: Workflow, owner: User) -> Objective:
    return set_objective(workflow, owner, Wanted(75, 10, 50))


def test_runs_of_each_time_are_measured_and_what_people_ended_is_not(
    workflow: Workflow, alice: User, ran: Ran, redis_client: redis.Redis
) -> None:
    ran(seconds=10)
    ran(seconds=11)
    ran("FAILED")
    ran("CANCELLED")
    ran("TERMINATED")
    ran("FAILED", days=3)
    ran(days=20)
    ran("FAILED", days=40)
    success, duration = burning.targets(objective(workflow, alice))
    spans = (success.hour, success.day, success.week, success.month)
    assert [(span.runs, span.wrong) for span in spans if span] == [(3, 1), (3, 1), (4, 2), (5, 2)]
    assert success.month and success.hour and duration.month and duration.hour
    # Two of five failed where one of four may: more than the whole budget.
    assert success.month.reached == 60.0 and success.allowed == 1.25
    assert success.used == pytest.approx(1.6) and success.is_missed
    assert success.hour.burn == pytest.approx(4 / 3) and success.burns_too_fast
    # One of the three that completed took longer than ten seconds.
    assert (duration.month.runs, duration.month.wrong) == (3, 1)
    assert duration.used == pytest.approx(2 / 3) and not duration.is_missed
    assert duration.hour.burn == pytest.approx(1.0) and not duration.burns_too_fast


def test_a_budget_that_is_just_used_up_is_not_missed_and_no_run_says_nothing(
    workflow: Workflow, alice: User, ran: Ran, redis_client: redis.Redis
) -> None:
    row = objective(workflow, alice)
    for target in burning.targets(row):
        assert target.month and target.month.reached is None
        assert target.used is None and not list(target.burns())
    for phase in ("COMPLETED", "COMPLETED", "COMPLETED", "FAILED"):
        ran(phase)
    success = burning.targets(row)[0]
    assert success.used == 1.0 and not success.is_missed


def test_a_look_counts_as_far_as_its_time_goes_and_the_next_one_goes_on_there(
    workflow: Workflow,
    alice: User,
    ran: Ran,
    redis_client: redis.Redis,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now)
    # What is kept is old at once, and to be counted again.
    monkeypatch.setattr(counting, "_YESTERDAY_SECONDS", -100_000)
    monkeypatch.setattr(counting, "_EARLIER_SECONDS", -100_000)
    monkeypatch.setattr(counting, "_SLOW_SECONDS", 1_000)
    row = objective(workflow, alice)
    ran(days=3)
    assert counting.lately(row, Time(0)) == counting.Lately(None, None, None, None, 0)
    assert [target.used for target in burning.targets(row, Time(0))] == [None, None]
    assert counting.lately(row, Time(60)).days == 30
    kept = counting.lately(row, Time(0))
    assert (kept.days, kept.hour, kept.month) == (29, None, None), "today alone is not kept"
    # A count of today that took long is kept, too.
    monkeypatch.setattr(counting, "_SLOW_SECONDS", -1)
    ran(days=3)
    assert _completed(row, Time(60)) == 2
    ran(days=3)
    ran()
    assert _completed(row, Time(0)) == 2
    assert _completed(row, Time(60)) == 3


def _completed(row: Objective, time: Time) -> int:
    month = counting.lately(row, time).month
    assert month is not None
    return month.completed


def test_days_that_are_over_are_kept_and_without_redis_they_are_counted(
    workflow: Workflow, alice: User, ran: Ran, redis_client: redis.Redis, settings: object
) -> None:
    row = objective(workflow, alice)
    ran(days=5)
    assert _completed(row, Time(60)) == 1
    ran(days=5)
    ran()
    assert _completed(row, Time(60)) == 2, "the day is counted again later"
    with override_settings(REDIS_URL="redis://127.0.0.1:1/0"):
        assert _completed(row, Time(60)) == 3


@override_settings(STIGMER_METRICS_TOKEN="open sesame")
def test_metrics_say_the_burn_of_each_target_and_time(
    workflow: Workflow, alice: User, ran: Ran, client: Client, redis_client: redis.Redis
) -> None:
    set_objective(workflow, alice, Wanted(success_percent=50))
    ran()
    ran("FAILED")
    text = client.get("/metrics", headers={"Authorization": "Bearer open sesame"}).content.decode()
    labels = f'id="{workflow.public_id}",target="success",window="30d",workflow="works"'
    assert f"stigmer_objective_burn{{{labels}}} 1.0" in text.splitlines()
    assert Execution.objects.count() == 2
