"""What becomes of times that have come: at most one run, however late somebody looks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from executions.models.schedule import Missed, Outcome, Overlap
from executions.schedules.deciding import LATE, Decision, decide
from executions.schedules.rule import Rule

DUE = datetime(2026, 11, 29, 3, 0, tzinfo=UTC)
RULE = Rule("0 * * * *", "", "UTC", DUE)
HOUR = timedelta(hours=1)


def decided(
    late: timedelta,
    missed: Missed = Missed.ONE,
    overlap: Overlap = Overlap.SKIP,
    is_under_way: bool = False,
) -> Decision:
    return decide(RULE, DUE, DUE + late, missed=missed, overlap=overlap, is_under_way=is_under_way)


@pytest.mark.parametrize("missed", Missed)
def test_in_time_it_is_started_and_the_next_time_is_the_next_one(missed: Missed) -> None:
    found = decided(timedelta(seconds=2), missed)
    assert found == Decision(Outcome.STARTED, DUE, None, DUE + HOUR)


def test_after_an_outage_one_run_stands_for_all_that_passed() -> None:
    found = decided(100 * HOUR + timedelta(minutes=20))
    assert found == Decision(Outcome.STARTED, DUE + 100 * HOUR, DUE, DUE + 101 * HOUR)


def test_after_an_outage_none_is_started_where_that_is_wanted() -> None:
    found = decided(100 * HOUR + 2 * LATE, Missed.NONE)
    assert found == Decision(Outcome.MISSED, DUE + 100 * HOUR, DUE, DUE + 101 * HOUR)
    # The newest of the times is not late.
    found = decided(100 * HOUR + LATE / 2, Missed.NONE)
    assert (found.outcome, found.due_at) == (Outcome.STARTED, DUE + 100 * HOUR)


def test_a_time_is_left_out_while_the_last_run_goes_on_unless_they_may_overlap() -> None:
    assert decided(timedelta(0), is_under_way=True).outcome == Outcome.SKIPPED
    beside = decided(timedelta(0), overlap=Overlap.ALLOW, is_under_way=True)
    assert beside.outcome == Outcome.STARTED
