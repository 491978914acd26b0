"""Causes: one row for runs that stopped alike, counted for whoever may see them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from executions import clock
from executions.attention import noting
from executions.attention.groups import HOURS, groups
from executions.errors import Refused
from executions.models import Execution

pytestmark = [pytest.mark.django_db, pytest.mark.database]
Begin = Callable[..., Execution]
Drive = Callable[[Execution], Execution]


def moved(run: Execution, hours: float) -> None:
    """As if it had failed so long ago."""
    at = clock.now() - timedelta(hours=hours)
    Execution.objects.filter(pk=run.pk).update(failed_at=at)


def test_runs_that_stopped_alike_are_one_group(begin: Begin, drive: Drive, alice: User) -> None:
    runs = [drive(begin(fails=f"order {number} is unknown")) for number in (17, 4711)]
    other = drive(begin(fails="the till is empty"))
    moved(runs[0], 5.5)
    found = groups(alice).groups
    assert [group.count for group in found] == [1, 2]
    assert found[0].example == other and found[1].example == runs[1]
    hours = found[1].hours
    assert (len(hours), sum(hours), hours[HOURS - 6], hours[-1]) == (HOURS, 2, 1, 1)
    assert found[1].last_at - found[1].first_at > timedelta(hours=5)


def test_a_person_counts_only_what_they_may_see(
    begin: Begin, drive: Drive, alice: User, bob: User, support: User
) -> None:
    drive(begin(fails="no funds"))
    for _ in range(2):
        drive(begin(fails="no funds", owner=bob))
    assert [group.count for group in groups(alice).groups] == [1]
    assert sorted(group.count for group in groups(support).groups) == [1, 2]


def test_a_page_of_groups_says_whether_there_are_more(
    begin: Begin, drive: Drive, alice: User
) -> None:
    for text in ("no funds", "no stock", "no van"):
        drive(begin(fails=text))
    first, rest = groups(alice, most=2), groups(alice, start=2, most=2)
    assert (len(first.groups), first.has_more) == (2, True)
    assert (len(rest.groups), rest.has_more) == (1, False)


def test_a_snoozed_cause_comes_back_at_its_time_or_where_it_gets_worse(
    begin: Begin, drive: Drive, alice: User
) -> None:
    cause = drive(begin(fails="no funds")).cause
    now = clock.now()
    noting.note(alice, cause, snoozed_until=now + timedelta(hours=1))
    (group,) = groups(alice).groups
    assert group.is_snoozed(now) and not group.is_snoozed(now + timedelta(hours=2))
    for _ in range(3):
        drive(begin(fails="no funds"))
    (group,) = groups(alice).groups
    assert group.in_last_hour == 4 and not group.is_snoozed(now)


@pytest.mark.parametrize("hours", [-1, 24 * 31])
def test_a_snooze_has_to_end_within_thirty_days(failed: Execution, alice: User, hours: int) -> None:
    with pytest.raises(Refused, match="at most 30 days"):
        noting.note(alice, failed.cause, snoozed_until=clock.now() + timedelta(hours=hours))


def test_a_note_of_another_person_about_their_runs_is_not_ours(
    failed: Execution, bob: User
) -> None:
    with pytest.raises(Refused, match="No run that you may see"):
        noting.note(bob, failed.cause, text="mine now")
