"""What was reached of an objective, its budget and its burn, counted from runs."""

from __future__ import annotations

import pytest
import redis
from django.contrib.auth.models import User
from django.test import Client, override_settings

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
    assert [(span.runs, span.wrong) for span in spans] == [(3, 1), (3, 1), (4, 2), (5, 2)]
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
        assert target.used is None and target.month.reached is None and not list(target.burns())
    for phase in ("COMPLETED", "COMPLETED", "COMPLETED", "FAILED"):
        ran(phase)
    success = burning.targets(row)[0]
    assert success.used == 1.0 and not success.is_missed


def test_days_that_are_over_are_kept_and_without_redis_they_are_counted(
    workflow: Workflow, alice: User, ran: Ran, redis_client: redis.Redis, settings: object
) -> None:
    row = objective(workflow, alice)
    ran(days=5)
    assert counting.lately(row).month.completed == 1
    ran(days=5)
    ran()
    assert counting.lately(row).month.completed == 2, "the day is counted again later"
    with override_settings(REDIS_URL="redis://127.0.0.1:1/0"):
        assert counting.lately(row).month.completed == 3


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
