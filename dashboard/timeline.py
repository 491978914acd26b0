"""The timeline's geometry: when each step ran, on one line from 0 to ``WIDTH``, with idle time
collapsed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Protocol

WIDTH = 1000.0
SMALLEST = 4.0
IDLE_SHARE = 0.06
DEEPEST = 4


class Timed(Protocol):
    path: str
    started_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Bar:
    """One step's place; ``is_open`` while it still runs or waits."""

    x: float
    width: float
    depth: int
    is_open: bool


def bars(steps: Sequence[Timed], now: datetime) -> list[Bar | None]:
    """A bar for each step, in order; None for a step that never started."""
    spans = [(step.started_at, step.finished_at or now) for step in steps if step.started_at]
    scale = _Scale([(start.timestamp(), max(end, start).timestamp()) for start, end in spans])
    return [_bar(step, scale, now) if step.started_at else None for step in steps]


def _bar(step: Timed, scale: _Scale, now: datetime) -> Bar:
    assert step.started_at is not None
    end = max(step.finished_at or now, step.started_at)
    x = scale.at(step.started_at.timestamp())
    width = max(SMALLEST, scale.at(end.timestamp()) - x)
    depth = min(DEEPEST, step.path.count("/") - 1)
    return Bar(
        round(min(x, WIDTH - width), 1), round(width, 1), max(0, depth), step.finished_at is None
    )


class _Scale:
    """From seconds to a place on the line; a gap in which nothing ran takes at most its share of
    the line.
    """

    def __init__(self, spans: list[tuple[float, float]]) -> None:
        busy = _merged(spans)
        worked = sum(end - start for start, end in busy) or 1.0
        self._knots: list[tuple[float, float]] = []
        length, last = 0.0, None
        for start, end in busy:
            if last is not None:
                length += min(start - last, worked * IDLE_SHARE)
            self._knots.append((start, length))
            length += end - start
            self._knots.append((end, length))
            last = end
        self._length = length or 1.0

    def at(self, moment: float) -> float:
        knots = self._knots
        for (left, from_), (right, to) in pairwise(knots):
            if left <= moment <= right:
                share = (moment - left) / (right - left) if right > left else 0.0
                return (from_ + share * (to - from_)) / self._length * WIDTH
        return 0.0 if not knots or moment <= knots[0][0] else WIDTH


def _merged(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    merged: list[tuple[float, float]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
