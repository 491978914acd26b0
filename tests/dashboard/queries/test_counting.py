"""Several counts in one statement, and the counts by phase that are made so."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dashboard.queries import executions
from dashboard.queries.counting import of_each
from executions.models import Execution
from executions.states import Phase

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def test_each_is_counted_up_to_its_limit_in_one_statement(begin: Any) -> None:
    for _ in range(3):
        begin()
    rows = Execution.objects.order_by().values("pk")
    with CaptureQueriesContext(connection) as asked:
        found = of_each(
            {"all": rows, "two": rows[:2], "none": rows.none(), "no": rows.filter(pk__in=[])}
        )
    assert found == {"all": 3, "two": 2, "none": 0, "no": 0}
    assert len(asked) == 1
    assert of_each({"none": rows.none()}) == {"none": 0}


def test_the_runs_of_each_phase_are_counted_for_those_who_see_them(
    begin: Any, drive: Any, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        begin()
    drive(begin())
    tally = executions.tally(alice, executions.Filters())
    assert tally is not None and set(tally) == set(Phase)
    assert (tally["PENDING"], sum(tally.values())) == (3, 4)
    monkeypatch.setattr(executions, "COUNT_CAP", 1)
    capped = executions.tally(alice, executions.Filters())
    assert capped is not None and capped["PENDING"] == 2
    of_bob = executions.tally(bob, executions.Filters())
    assert of_bob is not None and not any(of_bob.values())
