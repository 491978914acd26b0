from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from dashboard.timeline import WIDTH, Axis, Segment, parts

START = datetime(2026, 1, 1, tzinfo=UTC)


def moment(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def bars(*spans: tuple[float, float]) -> list[Segment]:
    """What ran in these spans, on the line of all of them."""
    moments = [(moment(start), moment(end)) for start, end in spans]
    axis = Axis(moments)
    return [axis.segment(start, end, "good") for start, end in moments]


@dataclass
class Tried:
    started_at: datetime
    finished_at: datetime
    outcome: str = "failed"
    error: object = field(default_factory=dict)
    delay_seconds: float | None = None


@dataclass
class Ran:
    started_at: datetime | None
    finished_at: datetime | None


def test_steps_lie_after_each_other_in_proportion() -> None:
    first, second = bars((0, 1), (1, 4))
    assert (first.x, first.width) == (0, 250)  # 1 of 4 seconds
    assert (second.x, second.width) == (250, 750)


def test_a_long_gap_takes_six_hundredths_of_the_work() -> None:
    _, second = bars((0, 1), (1000, 1001))
    assert second.x == 528.3  # 1.12 of 2.12 seconds: two of work, and a gap of 0.06 * 2


def test_an_open_step_reaches_to_the_end_and_says_so() -> None:
    axis = Axis([(moment(0), moment(5))])
    bar = axis.segment(moment(0), None, "busy")
    assert bar.until is None and bar.width == WIDTH


def test_a_step_that_never_started_has_no_bar() -> None:
    assert parts(Axis([]), Ran(None, None), [], "good") == []


def test_attempts_lie_over_the_pauses_between_them() -> None:
    axis = Axis([(moment(0), moment(10))])
    tried = [
        Tried(moment(0), moment(1), error={"title": "no"}, delay_seconds=4),
        Tried(moment(5), moment(6), outcome="lost"),
        Tried(moment(9), moment(10), outcome="succeeded", error=None),
    ]
    drawn = parts(axis, Ran(moment(0), moment(10)), tried, "good")
    assert [(each.look, each.x, each.width) for each in drawn] == [
        ("pause", 0, 1000),
        ("bad", 0, 100),
        ("warn", 500, 100),
        ("good", 900, 100),
    ]


def test_the_attempt_under_way_begins_after_the_pause() -> None:
    axis = Axis([(moment(0), moment(10))])
    tried = [Tried(moment(0), moment(1), error={"title": "no"}, delay_seconds=4)]
    drawn = parts(axis, Ran(moment(0), None), tried, "busy")
    assert (drawn[-1].look, drawn[-1].x, drawn[-1].until) == ("busy", 500, None)
    waits = parts(axis, Ran(moment(0), None), tried, "pause")
    assert [each.look for each in waits] == ["pause", "bad"]


def test_many_short_gaps_make_no_more_than_some_hundred_knots() -> None:
    spans = [(moment(at), moment(at + 0.9)) for at in range(5000)]
    assert len(Axis(spans).knots()) <= 402


@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1e6)), min_size=1, max_size=30))
def test_no_bar_leaves_the_line(spans: list[tuple[float, float]]) -> None:
    for bar in bars(*((start, start + length) for start, length in spans)):
        assert bar.x >= 0 and bar.x + bar.width <= WIDTH + 0.11
