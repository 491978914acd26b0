from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from executions.language import Duration, duration_seconds

read = TypeAdapter(Duration).validate_python

LITERALS: list[tuple[Any, float]] = [
    ({"seconds": 30}, 30),
    ({"days": 1, "hours": 2, "minutes": 3, "seconds": 4, "milliseconds": 5}, 93784.005),
    ({"milliseconds": 250}, 0.25),
    ({"seconds": 0}, 0),
    ("PT30S", 30),
    ("PT0.5S", 0.5),
    ("PT1H30M", 5400),
    ("P1D", 86_400),
    ("P1DT1S", 86_401),
    ("P2W", 1_209_600),
    ("PT0S", 0),
]
BAD: list[Any] = [
    "P",
    "PT",
    "P1DT",
    "30s",
    "1h",
    "",
    "PT-5S",
    "P1M",
    "P1Y",
    "PT1S ago",
    "P" + "9" * 500 + "D",
    "PT99999999999S",
    "PT٣S",
    {},
    {"seconds": -1},
    {"seconds": 1.5},
    {"seconds": "1"},
    {"seconds": True},
    {"second": 1},
    {"days": 10**9},
    [],
    None,
    5,
    True,
]


@pytest.mark.parametrize(("written", "seconds"), LITERALS)
def test_a_written_duration_has_seconds_before_and_after_evaluation(
    written: Any, seconds: float
) -> None:
    assert read(written) == Duration(seconds=seconds)
    assert duration_seconds(written) == seconds


@pytest.mark.parametrize("written", BAD)
def test_what_is_no_duration_is_refused_before_and_after_evaluation(written: Any) -> None:
    with pytest.raises(ValidationError):
        read(written)
    with pytest.raises(ValueError, match=r"duration|days"):
        duration_seconds(written)


def test_an_expression_is_kept_for_the_run() -> None:
    assert read("${ .delay }") == Duration(expression="${ .delay }")


def test_months_are_refused_with_what_to_write_instead() -> None:
    with pytest.raises(ValueError, match="write days"):
        duration_seconds("P1M")


@settings(max_examples=100, deadline=None)
@given(
    st.recursive(
        st.none() | st.floats() | st.integers() | st.text(),
        lambda inner: st.lists(inner),
        max_leaves=4,
    )
)
def test_any_evaluated_value_gives_seconds_or_a_value_error(value: Any) -> None:
    try:
        assert duration_seconds(value) >= 0
    except ValueError as refused:
        assert str(refused)
