"""Spans of time in words and as they are typed (executions/spans.py);
tests/browser/test_control_room.py holds static/js/clock.js to the same cases.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from executions.spans import at_most, lasting, read, roughly

LASTING = {
    -3: "0 ms",
    0.034: "34 ms",
    4.2: "4.2 s",
    59.9: "59 s",
    200: "3 min 20 s",
    7_260: "2 h 1 min",
    183_600: "2 d 3 h",
}


@pytest.mark.parametrize(("seconds", "words"), LASTING.items())
def test_a_span_is_said_in_its_two_largest_units(seconds: float, words: str) -> None:
    assert lasting(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-3, "0 s"), (59.9, "59 s"), (60, "1 min"), (7_200, "2 h"), (172_800, "2 d")],
)
def test_a_span_is_said_roughly_in_its_largest_unit(seconds: float, words: str) -> None:
    assert roughly(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 s"), (3.2, "4 s"), (60, "60 s"), (61, "2 min"), (180, "3 min"), (3_700, "2 h")],
)
def test_a_span_to_wait_for_is_never_said_too_short(seconds: float, words: str) -> None:
    assert at_most(seconds) == words


@pytest.mark.parametrize(
    ("typed", "span"),
    [
        ("45s", timedelta(seconds=45)),
        ("30m", timedelta(minutes=30)),
        ("2d", timedelta(days=2)),
        ("1w", timedelta(weeks=1)),
        ("2", None),
        ("2 d", None),
        ("1234567d", None),
    ],
)
def test_a_span_that_a_person_types_is_a_number_and_a_unit(
    typed: str, span: timedelta | None
) -> None:
    assert read(typed) == span
