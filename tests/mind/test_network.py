"""Beats: one moment for all answers that are read, and rarer where many are."""

from __future__ import annotations

import pytest

from executions.mind import network
from executions.mind.network import BEAT_SECONDS, LONGEST_BEAT_SECONDS, MANY, Beats


def beat(beats: Beats, now: float, waiting: int) -> float:
    """So many begin to wait just after this moment: when all of them wake."""
    moments = {round(now + beats.seconds_left(now), 6) for _ in range(waiting)}
    assert len(moments) == 1
    return moments.pop()


@pytest.mark.parametrize(
    ("waiting", "seconds"),
    [
        (1, BEAT_SECONDS),
        (MANY, BEAT_SECONDS),
        (MANY + 1, 2 * BEAT_SECONDS),
        (2 * MANY, 2 * BEAT_SECONDS),
        (1_000, LONGEST_BEAT_SECONDS),
    ],
)
def test_the_more_answers_are_read_the_rarer_beats_come(waiting: int, seconds: float) -> None:
    beats, now = Beats(), 100 * LONGEST_BEAT_SECONDS
    first = beat(beats, now, waiting)
    second = beat(beats, first, waiting)
    assert second - first == pytest.approx(seconds)
    assert beat(beats, second, waiting) - second == pytest.approx(seconds)


def test_beats_come_as_often_as_before_when_most_answers_have_ended() -> None:
    beats, now = Beats(), 100 * LONGEST_BEAT_SECONDS
    many = beat(beats, beat(beats, now, 1_000), 1_000)
    few = beat(beats, many, 3)
    assert beat(beats, few, 3) - few == pytest.approx(BEAT_SECONDS)


def test_who_comes_between_two_beats_waits_for_the_next_one() -> None:
    beats, now = Beats(), 100 * LONGEST_BEAT_SECONDS
    moment = now + beats.seconds_left(now)
    late = now + network.BEAT_SECONDS / 2
    assert late + beats.seconds_left(late) == pytest.approx(moment)
