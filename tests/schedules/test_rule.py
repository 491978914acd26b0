"""Rules: the next time and the last one, where the clock is changed, and what is no rule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from executions.schedules.rule import LEAST_SECONDS, Rule, problems, seconds_of, written

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)


def cron(expression: str, zone: str = "Europe/Berlin") -> Rule:
    return Rule(expression, "", zone, NOW)


def times(rule: Rule, start: datetime, count: int) -> list[str]:
    found = rule.following(start, count)
    return [each.astimezone(ZoneInfo(rule.zone)).isoformat() for each in found]


def test_a_time_that_the_clock_skips_comes_right_after_the_gap() -> None:
    start = datetime(2026, 3, 28, 12, tzinfo=BERLIN)
    assert times(cron("30 2 * * *"), start, 2) == [
        "2026-03-29T03:00:00+02:00",
        "2026-03-30T02:30:00+02:00",
    ]


def test_a_time_that_the_clock_shows_twice_comes_once() -> None:
    start = datetime(2026, 10, 24, 12, tzinfo=BERLIN)
    assert times(cron("30 2 * * *"), start, 2) == [
        "2026-10-25T02:30:00+02:00",
        "2026-10-26T02:30:00+01:00",
    ]
    # Also for somebody who looks in the second of the two hours.
    second = datetime(2026, 10, 25, 2, 10, tzinfo=BERLIN, fold=1)
    assert times(cron("30 2 * * *"), second, 1) == ["2026-10-26T02:30:00+01:00"]
    assert cron("30 2 * * *").latest_until(second) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_every_half_an_hour_goes_by_real_time_through_both_changes() -> None:
    for start in (datetime(2026, 3, 29, tzinfo=BERLIN), datetime(2026, 10, 25, tzinfo=BERLIN)):
        found = cron("*/30 * * * *").following(start.astimezone(UTC), 10)
        assert {later - one for one, later in pairwise(found)} == {timedelta(minutes=30)}


def test_a_duration_is_counted_from_its_anchor_whatever_the_clock_shows() -> None:
    rule = Rule("", "PT90M", "Europe/Berlin", NOW)
    assert rule.next_after(NOW) == NOW + timedelta(minutes=90)
    assert rule.next_after(NOW + timedelta(minutes=89)) == NOW + timedelta(minutes=90)
    assert rule.next_after(NOW + timedelta(minutes=90)) == NOW + timedelta(minutes=180)
    assert rule.latest_until(NOW + timedelta(minutes=179)) == NOW + timedelta(minutes=90)
    # The anchor itself is no time: nothing runs at once.
    assert rule.latest_until(NOW + timedelta(minutes=89)) is None
    assert rule.next_after(NOW - timedelta(days=400)) == NOW


ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/St_Johns"]
EXPRESSIONS = ["30 2 * * *", "*/7 * * * *", "0 */5 * * 1-5", "15 1,2,3 1-7 * MON", "0 0 29 2 *"]


@given(
    some.datetimes(datetime(2024, 1, 1), datetime(2032, 1, 1), timezones=some.just(UTC)),
    some.sampled_from(ZONES),
    some.sampled_from(EXPRESSIONS),
)
def test_next_is_later_last_is_not_and_nothing_lies_between(
    moment: datetime, zone: str, expression: str
) -> None:
    rule = cron(expression, zone)
    following, latest = rule.next_after(moment), rule.latest_until(moment)
    assert following is not None and latest is not None
    assert latest <= moment < following
    assert rule.latest_until(following) == following
    assert rule.next_after(latest) == following


@pytest.mark.parametrize(
    ("rule", "where", "said"),
    [
        (("", "", "UTC"), "/cron", "one of the two"),
        (("* * * * *", "PT1H", "UTC"), "/cron", "one of the two"),
        (("* * * * *", "", "Mars/Olympus"), "/time_zone", "is no time zone"),
        (("* * * *", "", "UTC"), "/cron", "five fields"),
        (("* * * * * *", "", "UTC"), "/cron", "five fields"),
        (("@daily", "", "UTC"), "/cron", "five fields"),
        (("61 * * * *", "", "UTC"), "/cron", "minute"),
        (("0 0 * * 1-0", "", "UTC"), "/cron", "day-of-week"),
        (("0 0 31 2 *", "", "UTC"), "/cron", "day-of-month"),
        (("0 0 */20 * 1L", "", "UTC"), "/cron", "fifty years"),
        ((f"{'0,' * 100}0 * * * *", "", "UTC"), "/cron", "five fields"),
        (("", "PT5S", "UTC"), "/every", f"{LEAST_SECONDS} to"),
        (("", "P400D", "UTC"), "/every", "whole seconds"),
        (("", "PT10.5S", "UTC"), "/every", "whole seconds"),
        (("", "1 hour", "UTC"), "/every", "not a duration"),
        (("", "P1M", "UTC"), "/every", "years and months"),
        (("", "${ .x }", "UTC"), "/every", "written down"),
    ],
)
def test_what_is_no_rule_says_where_and_why(
    rule: tuple[str, str, str], where: str, said: str
) -> None:
    (found,) = problems(*rule, NOW)
    assert found.pointer == where
    assert said in found.message


def test_durations_may_be_written_in_any_iso_form_or_short() -> None:
    assert [written(each) for each in ("15m", "1 d", " PT5M ", "2w", "x")] == [
        "PT15M",
        "P1D",
        "PT5M",
        "P2W",
        "x",
    ]
    assert [seconds_of(each) for each in ("PT15M", "P1D", "P1W", "PT1H30M")] == [
        900,
        86_400,
        604_800,
        5_400,
    ]
    assert problems("", "PT15M", "UTC", NOW) == problems("*/5 * * * *", "", "UTC", NOW) == []
