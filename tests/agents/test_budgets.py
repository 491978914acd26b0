"""Budgets of an owner and a day: reserved before each request, settled after it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import connection

from executions import clock
from executions.driving.attempts import budgets
from executions.models import Budget, Execution, LanguageModel, Reservation, Spending
from executions.states import Phase, WaitingFor
from tests.agents.conftest import Demo, step

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]
Begin = Callable[..., Execution]
Drive = Callable[[Execution], Execution]
MODEL = {"max_tokens": 100, "input_price": "1", "output_price": "10"}
ASKED = {"messages": ["x" * 400]}


def test_what_a_run_used_is_counted_and_nothing_stays_reserved(
    begin: Begin, drive: Drive, demo: Demo, alice: User
) -> None:
    Budget.objects.create(user=alice, tokens_per_day=100_000)
    demo.plays({"say": "Hello."})
    execution = drive(begin())
    spending = Spending.objects.get(owner=alice)
    used = execution.output["usage"]
    assert spending.tokens == used["input_tokens"] + used["output_tokens"]
    assert f"{spending.cost:f}".rstrip("0") == execution.output["cost"].rstrip("0")
    assert spending.reserved_tokens == 0
    assert spending.reserved_cost == 0
    assert Reservation.objects.count() == 0


def test_without_a_budget_nothing_is_written(begin: Begin, drive: Drive, demo: Demo) -> None:
    demo.plays({"say": "Hello."})
    assert drive(begin()).phase == Phase.COMPLETED
    assert Spending.objects.count() == 0


@pytest.mark.parametrize("limit", [{"tokens_per_day": 50}, {"cost_per_day": "0.000001"}])
def test_at_its_end_a_run_waits_and_goes_on_once_it_is_raised(
    begin: Begin,
    drive: Drive,
    demo: Demo,
    later: Callable[[float], None],
    limit: dict[str, Any],
) -> None:
    budget = Budget.objects.create(**limit)
    demo.plays({"say": "Hello."})
    execution = drive(begin())
    assert (execution.phase, execution.waiting_for) == (Phase.WAITING, WaitingFor.BUDGET)
    assert execution.wake_at is not None
    assert demo.ledger() == []
    assert step(execution, "/turn/1").attempts.count() == 0
    told = execution.events.get(name="WORKFLOW_STEP_RETRYING").payload
    assert "the budget of the day" in told["rule"]
    later(301)
    assert drive(execution).phase == Phase.WAITING
    assert execution.events.filter(name="WORKFLOW_STEP_RETRYING").count() == 1
    budget.tokens_per_day = budget.cost_per_day = None
    budget.save()
    later(301)
    assert drive(execution).phase == Phase.COMPLETED


def test_a_new_day_begins_with_nothing_used(
    begin: Begin, drive: Drive, demo: Demo, alice: User, later: Callable[[float], None]
) -> None:
    Budget.objects.create(user=alice, tokens_per_day=100_000)
    day = clock.now().date()
    Spending.objects.create(owner=alice, day=day, tokens=99_999)
    demo.plays({"say": "Hello."})
    execution = drive(begin())
    assert execution.waiting_for == WaitingFor.BUDGET
    later(timedelta(days=1).total_seconds())
    assert drive(execution).phase == Phase.COMPLETED


def test_ones_own_budget_counts_before_that_of_all_others(alice: User, bob: User) -> None:
    Budget.objects.create(tokens_per_day=10)
    Budget.objects.create(user=alice, tokens_per_day=10_000)
    assert budgets.reserve(alice.pk, uuid.uuid4(), ASKED, MODEL) is None
    assert "10 tokens" in (budgets.reserve(bob.pk, uuid.uuid4(), ASKED, MODEL) or "")
    with pytest.raises(ValidationError, match="already"):
        Budget(tokens_per_day=20).full_clean()


def test_many_at_one_moment_do_not_go_beyond_it_together(alice: User) -> None:
    Budget.objects.create(user=alice, tokens_per_day=1_000)

    def ask(number: int) -> bool:
        try:
            return budgets.reserve(alice.pk, uuid.uuid4(), ASKED, MODEL) is None
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        made = sum(pool.map(ask, range(20)))
    reserved = Spending.objects.get(owner=alice).reserved_tokens
    assert 0 < reserved <= 1_000
    assert made == Reservation.objects.count() == reserved // (reserved // made)


def test_what_a_dead_worker_reserved_lapses_and_a_step_holds_one_at_most(
    alice: User, later: Callable[[float], None]
) -> None:
    Budget.objects.create(user=alice, tokens_per_day=10_000)
    one, other = uuid.uuid4(), uuid.uuid4()
    assert budgets.reserve(alice.pk, one, ASKED, MODEL) is None
    once = Spending.objects.get(owner=alice).reserved_tokens
    assert budgets.reserve(alice.pk, one, ASKED, MODEL) is None
    assert Spending.objects.get(owner=alice).reserved_tokens == once
    Reservation.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    assert budgets.reserve(alice.pk, other, ASKED, MODEL) is None
    assert Spending.objects.get(owner=alice).reserved_tokens == once
    budgets.settle(one, {"input_tokens": 5}, None)
    assert Spending.objects.get(owner=alice).tokens == 0


def test_an_answer_that_cannot_be_taken_counts_with_what_it_used(
    begin: Begin, drive: Drive, demo: Demo, alice: User, model: LanguageModel
) -> None:
    Budget.objects.create(user=alice, tokens_per_day=100_000)
    demo.plays({"say": "x y z", "finish": "length"})
    assert drive(begin()).phase == Phase.FAILED
    spending = Spending.objects.get(owner=alice)
    assert spending.tokens > 0
    assert spending.reserved_tokens == 0
