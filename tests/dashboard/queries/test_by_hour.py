"""Runs by the hour."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import User
from django.test import Client

from dashboard.queries import by_hour
from executions import clock, ids
from executions.models import Event, Execution

Begin = Callable[..., Execution]
Drive = Callable[[Execution], Execution]


def test_the_last_day_is_counted_by_the_hour_beside_the_day_before(
    begin: Begin, drive: Drive, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    then = clock.now() - timedelta(hours=30)
    with monkeypatch.context() as at_that_time:
        # Keys begin with the time at which they were made.
        nanoseconds = int(then.timestamp()) * 1_000_000_000
        at_that_time.setattr(ids, "time", SimpleNamespace(time_ns=lambda: nanoseconds))
        at_that_time.setattr(ids, "_last", 0)
        first = begin(fails="no funds")
    runs = [drive(first), *(drive(begin(fails="no funds")) for _ in range(2))]
    drive(begin(fails="no funds", owner=bob))
    Event.objects.filter(execution=runs[0]).update(created_at=then)
    # That it is tried again does not make the failure unsaid.
    Execution.objects.filter(pk=runs[1].pk).update(failed_at=None)
    day = by_hour.day(alice)
    assert day is not None and len(day.hours) == by_hour.HOURS
    assert (day.began, day.failed, day.began_before, day.failed_before) == (2, 2, 1, 1)
    assert day.most >= 1


def test_the_overview_shows_it_as_a_picture_and_as_a_table(
    failed: Execution, alice: User, as_: Callable[[User], Client]
) -> None:
    page = as_(alice).get("/").content.decode()
    assert "In the last 24 hours 1 began, and there were 1 failures" in page
    assert page.count('<th scope="row"><time') == by_hour.HOURS
