from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from dashboard.timeline import WIDTH, bars

START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Ran:
    started_at: datetime | None
    finished_at: datetime | None
    path: str = "/a"


def ran(start: float, end: float | None, path: str = "/a") -> Ran:
    return Ran(
        START + timedelta(seconds=start),
        None if end is None else START + timedelta(seconds=end),
        path,
    )


def test_steps_lie_after_each_other_in_proportion() -> None:
    first, second = bars([ran(0, 1), ran(1, 4)], START)
    assert first is not None and second is not None
    assert (first.x, first.width) == (0, 250)  # 1 of 4 seconds
    assert (second.x, second.width) == (250, 750)


def test_a_long_gap_takes_six_hundredths_of_the_work() -> None:
    _, second = bars([ran(0, 1), ran(1000, 1001)], START)
    assert second is not None
    assert second.x == 528.3  # 1.12 of 2.12 seconds: two of work, and a gap of 0.06 * 2


def test_an_open_step_reaches_to_now_and_says_so() -> None:
    (bar,) = bars([ran(0, None)], START + timedelta(seconds=5))
    assert bar is not None and bar.is_open and bar.width == WIDTH


def test_a_step_that_never_started_has_no_bar() -> None:
    assert bars([Ran(None, None)], START) == [None]


def test_children_are_indented() -> None:
    (bar,) = bars([ran(0, 1, "/a/b/c")], START)
    assert bar is not None and bar.depth == 2


@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1e6)), min_size=1, max_size=30))
def test_no_bar_leaves_the_line(spans: list[tuple[float, float]]) -> None:
    for bar in bars([ran(start, start + length) for start, length in spans], START):
        assert bar is not None
        assert bar.x >= 0 and bar.x + bar.width <= WIDTH + 0.11
