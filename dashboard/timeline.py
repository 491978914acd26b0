"""When each step ran, on one line from 0 to ``WIDTH``, with long idle time shortened."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

WIDTH = 1000.0
SMALLEST = 4.0
# A pause of so many seconds is drawn as it was; a longer one takes at most a share of the rest.
SHORT = 60.0
IDLE_SHARE = 0.06
# A pause that is a smaller part of the work is drawn as long as it was: so many knots at most.
_PARTS = 200


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a bar. ``since`` and ``until`` are milliseconds on the clock; no ``until``: still
    going on. ``look`` is a tone, ``pause`` or ``around``.
    """

    since: int
    until: int | None
    x: float
    width: float
    look: str

    @property
    def tone(self) -> str:
        """Its classes."""
        return " ".join(
            each if each in ("pause", "around") else f"tone-{each}" for each in self.look.split()
        )

    @property
    def height(self) -> int:
        """A bar around other steps, and a pause, is thinner than one that did something."""
        return 4 if self.look.startswith(("pause", "around")) else 10

    @property
    def y(self) -> int:
        return (16 - self.height) // 2


class Axis:
    """From the clock to a place on the line; a long gap in which nothing ran takes at most its
    share of the line.
    """

    def __init__(self, spans: Iterable[tuple[datetime, datetime]]) -> None:
        busy = _merged([(start.timestamp(), max(end, start).timestamp()) for start, end in spans])
        gaps = [after[0] - before[1] for before, after in pairwise(busy)]
        worked = sum(end - start for start, end in busy) + sum(g for g in gaps if g <= SHORT)
        worked = worked or 1.0
        busy = _joined(busy, worked / _PARTS)
        self._knots: list[tuple[float, float]] = []
        length, last = 0.0, None
        for start, end in busy:
            if last is not None:
                gap = start - last
                length += gap if gap <= SHORT else min(gap, worked * IDLE_SHARE)
            self._knots.append((start, length))
            length += end - start
            self._knots.append((end, length))
            last = end
        self._length = length or 1.0

    def at(self, moment: float) -> float:
        """The place of a moment, in seconds on the clock."""
        knots = self._knots
        for (left, from_), (right, to) in pairwise(knots):
            if left <= moment <= right:
                share = (moment - left) / (right - left) if right > left else 0.0
                return (from_ + share * (to - from_)) / self._length * WIDTH
        return 0.0 if not knots or moment <= knots[0][0] else WIDTH

    def knots(self) -> list[list[float]]:
        """Milliseconds on the clock and the place: what a page needs to draw bars anew."""
        return [
            [round(moment * 1000), round(place / self._length * WIDTH, 1)]
            for moment, place in self._knots
        ]

    @property
    def as_json(self) -> str:
        return json.dumps(self.knots(), separators=(",", ":"))

    def segment(self, since: datetime, until: datetime | None, look: str) -> Segment:
        """The piece of the line from ``since`` to ``until``, or one that still goes on."""
        x = self.at(since.timestamp())
        end = WIDTH if until is None else self.at(max(until, since).timestamp())
        width = max(SMALLEST, end - x)
        return Segment(
            round(since.timestamp() * 1000),
            None if until is None else round(until.timestamp() * 1000),
            round(min(x, WIDTH - width), 1),
            round(width, 1),
            look,
        )


def parts(axis: Axis, step: Any, attempts: Sequence[Any], look: str) -> list[Segment]:
    """The bar of a step: one part, or one for each attempt over the pauses between them.

    ``look`` is how the whole would look; of an open step with attempts, how the one under way
    does.
    """
    if step.started_at is None:
        return []
    begin = min([step.started_at, *(attempt.started_at for attempt in attempts)])
    if not attempts:
        return [axis.segment(begin, step.finished_at, look)]
    drawn = [axis.segment(begin, step.finished_at, "pause")]
    for attempt in attempts:
        drawn.append(axis.segment(attempt.started_at, attempt.finished_at, look_of(attempt)))
    if step.finished_at is None and look != "pause":
        paused = timedelta(seconds=attempts[-1].delay_seconds or 0)
        drawn.append(axis.segment(attempts[-1].finished_at + paused, None, look))
    return drawn


def look_of(attempt: Any) -> str:
    """The tone of an attempt's part."""
    if attempt.outcome == "lost":
        return "warn"
    return "bad" if attempt.error else "good"


def _joined(busy: list[tuple[float, float]], gap: float) -> list[tuple[float, float]]:
    joined: list[tuple[float, float]] = []
    for start, end in busy:
        if joined and start - joined[-1][1] <= gap:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _merged(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    merged: list[tuple[float, float]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
