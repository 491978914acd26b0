"""Open pages without a browser: they follow topics, come back as the page's script does, and
remember what they show.

What the script does is in static/js/live/socket.js; the times of its back-off are read from there.
"""

from __future__ import annotations

import asyncio
import random
import re
import time
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.faults.harness.rig import ROOT
from tests.faults.harness.websocket import Closed, WebSocket

_SCRIPT = (ROOT / "static/js/live/socket.js").read_text()
ACKNOWLEDGE_EVERY = 10
# What depends on when it was rendered, not on what it shows.
# What differs with each rendering: clocks, where a bar lies in the time that the run had taken by
# then (the page lays bars out anew), and the key by which a form that is sent twice counts once.
_CLOCKS = re.compile(
    r'data-server-now="[^"]*"|(?<=>)[^<]*(?=</time>)|(?<=name="key" value=")[^"]*'
    r'|(?<=" )x="[\d.]+" y="\d+" width="[\d.]+"'
)


def _constant(name: str) -> float:
    found = re.search(rf"^const {name} = (\d+);", _SCRIPT, re.MULTILINE)
    assert found, f"socket.js has no {name} any more"
    return int(found.group(1)) / 1000


FIRST_SECONDS, LONGEST_SECONDS = _constant("FIRST_MS"), _constant("LONGEST_MS")


def delay_for(code: int, failures: int, chance: random.Random) -> float:
    """Seconds until a page tries again: ``delayFor`` of the script."""
    if code == 1012:
        return chance.random() * 5
    if code == 1013:
        return 10 + chance.random() * 50
    longest: float = min(LONGEST_SECONDS, FIRST_SECONDS * 2**failures)
    return longest * (0.5 + chance.random() * 0.5)


@dataclass(slots=True)
class Shown:
    """One topic on a page: the sequence and the parts, as far as they came."""

    seq: int = 0
    parts: dict[str, str] = field(default_factory=dict)

    def put(self, frame: dict[str, Any]) -> None:
        self.seq = int(frame["seq"])
        for part in frame["parts"]:
            self.parts[part["id"]] = part["html"]

    def without_clocks(self) -> dict[str, str]:
        """What is shown, whenever it was rendered."""
        return {name: _CLOCKS.sub("", html) for name, html in self.parts.items()}


@dataclass(slots=True)
class Page:
    """``lost`` and ``back`` are the moments (monotonic) at which its connection went and came
    again, in pairs.
    """

    port: int
    cookie: str
    chance: random.Random
    shown: dict[str, Shown]
    lost: list[float] = field(default_factory=list)
    back: list[float] = field(default_factory=list)
    is_open: bool = False
    is_refused: bool = False
    _unacknowledged: int = 0

    async def stay_open(self) -> None:
        """For ever, as a page that nobody closes."""
        failures = 0
        while True:
            socket: WebSocket | None = None
            try:
                socket = await WebSocket.open(self.port, "/live/", self.cookie)
                failures = 0
                self.is_open = True
                if len(self.back) < len(self.lost):
                    self.back.append(time.monotonic())
                socket.say({"sub": self._seqs()})
                while True:
                    self._take(await socket.hear(), socket)
            except Closed as closed:
                if self.is_open:
                    self.lost.append(time.monotonic())
                self.is_open = False
                failures += 1
                await asyncio.sleep(delay_for(closed.code, failures, self.chance))
            finally:
                if socket is not None:
                    await socket.drop()

    def _seqs(self) -> dict[str, int]:
        return {topic: shown.seq for topic, shown in self.shown.items()}

    def _take(self, frame: dict[str, Any], socket: WebSocket) -> None:
        topic = frame.get("topic", "")
        if "refused" in frame:
            self.is_refused = True
        elif frame.get("reset"):
            # A page would read its region again; to be sent everything anew shows the same.
            self.shown[topic] = Shown()
            socket.say({"sub": {topic: 0}})
        elif "parts" in frame and frame["seq"] > self.shown[topic].seq:
            self.shown[topic].put(frame)
        elif any(seq > self.shown[name].seq for name, seq in frame.get("beat", {}).items()):
            socket.say({"sub": self._seqs()})
        self._unacknowledged += 1
        if self._unacknowledged >= ACKNOWLEDGE_EVERY or "beat" in frame:
            self._unacknowledged = 0
            socket.say({"ack": self._seqs()})


def is_behind(page: Page, truth: Page) -> bool:
    """Whether it is not open, or shows less than there is."""
    return not page.is_open or any(
        shown.seq != truth.shown[topic].seq for topic, shown in page.shown.items()
    )


def differences(page: Page, truth: Page) -> Iterable[str]:
    """Where a page does not show what one shows that was opened just now."""
    if not page.is_open:
        yield "it is not open"
    if page.is_refused:
        yield "a topic was refused"
    for topic, shown in page.shown.items():
        fresh = truth.shown[topic]
        if shown.seq != fresh.seq:
            yield f"{topic} is shown at {shown.seq}, it stands at {fresh.seq}"
        elif (parts := shown.without_clocks()) != (new := fresh.without_clocks()):
            ids = sorted(
                name for name in parts.keys() | new.keys() if parts.get(name) != new.get(name)
            )
            yield f"{topic} differs from what a new page shows: {ids[:5]}"


def outage(pages: Sequence[Page], answered_at: float) -> dict[str, float]:
    """How the pages came back: seconds from loss to open, and since the server answered again (95th
    percentile, longest); and the most that came within a second.
    """
    times = sorted(
        back - lost for page in pages for lost, back in zip(page.lost, page.back, strict=False)
    )
    since = sorted(max(0.0, back - answered_at) for page in pages for back in page.back)
    moments = sorted(back for page in pages for back in page.back)
    return {
        "reconnects": len(times),
        "p95": _p95(times),
        "longest": round(times[-1], 2) if times else 0.0,
        "p95_since_it_answered": _p95(since),
        "most_in_a_second": max(
            (bisect_left(moments, at + 1) - n for n, at in enumerate(moments)), default=0
        ),
    }


def _p95(ordered: Sequence[float]) -> float:
    return round(ordered[int(len(ordered) * 0.95) - 1], 2) if ordered else 0.0
