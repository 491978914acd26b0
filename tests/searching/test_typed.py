from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from executions.searching.search import Search
from executions.searching.typed import parse
from executions.states import Phase

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_words_without_a_name_are_text() -> None:
    assert parse("late  parcel", NOW).search.text == "late parcel"


def test_each_name_becomes_its_filter() -> None:
    found = parse(
        'status:failed owner:me after:2d label:team=red label:urgent workflow:orders step:"send'
        ' mail" x',
        NOW,
    )
    asked = found.search
    assert (asked.phases, asked.owner, asked.subject, asked.step) == (
        (Phase.FAILED,),
        "me",
        "orders",
        "send mail",
    )
    assert asked.after == NOW - timedelta(days=2)
    assert asked.labels == (("team", "red"), ("urgent", None))
    assert asked.text == "x" and not found.problems


@pytest.mark.parametrize(
    ("typed", "moment"),
    {
        "90s": NOW - timedelta(seconds=90),
        "3h": NOW - timedelta(hours=3),
        "2w": NOW - timedelta(weeks=2),
        "2026-11-20": datetime(2026, 11, 20, tzinfo=UTC),
        "2026-11-20T08:30": datetime(2026, 11, 20, 8, 30, tzinfo=UTC),
    }.items(),
)
def test_moments_are_spans_before_now_or_dates(typed: str, moment: datetime) -> None:
    assert parse(f"before:{typed}", NOW).search.before == moment


@pytest.mark.parametrize(
    "typed", ["status:nope", "after:soon", "after:999999w", "before:2026-13-40"]
)
def test_what_is_not_understood_is_said_and_filters_nothing(typed: str) -> None:
    found = parse(typed, NOW)
    assert len(found.problems) == 1
    assert found.search == Search()


def test_addresses_and_unknown_names_are_text() -> None:
    assert (
        parse("http://example.org:80/ colour:red", NOW).search.text
        == "http://example.org:80/ colour:red"
    )


@pytest.mark.parametrize("typed", ['"', "status:", ":", "a:b:c", '"open', "label:=", "\u202e"])
def test_half_typed_text_never_raises(typed: str) -> None:
    parse(typed, NOW)


def test_a_filter_that_is_misspelt_is_said_and_looked_for_as_a_word() -> None:
    typed = parse("statsu:failed", NOW)
    assert typed.search.text == "statsu:failed"
    assert typed.problems == (
        "There is no filter “statsu:”, so it was looked for as a word. Did you mean status:?",
    )
