"""How far a run has gone, and whether a person has to say that it goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from executions.journal.records import StepRecord
from executions.language.agent import RunLimits
from executions.mind.messages import digest

SAME_IN_A_ROW = 3
BAD_IN_A_ROW = 3
_WORDS = {
    "turns": "requests to the model",
    "calls": "calls of tools",
    "tokens": "tokens",
    "seconds": "seconds of turns and tool calls",
}


@dataclass(frozen=True, slots=True)
class Reached:
    """A limit that was hit: ``what`` it counts, how much was ``used``, what was ``allowed``."""

    what: str
    used: int
    allowed: int

    def told(self) -> str:
        used, allowed = f"{self.used:,}", f"{self.allowed:,}"
        return f"The run has used {used} of the {allowed} {_WORDS[self.what]} that it may use."


class Spent:
    """What a run has used, counted as its walk goes along."""

    def __init__(self, limits: RunLimits) -> None:
        self._limits = {
            "turns": limits.turns,
            "calls": limits.tool_calls,
            "tokens": limits.tokens,
            "seconds": limits.seconds,
        }
        self.used = dict.fromkeys(self._limits, 0)
        # How often a person has allowed as much again.
        self.allowed = dict.fromkeys(self._limits, 1)
        self._seconds = 0.0
        self._last: list[str] = []
        self._bad = 0

    def took_turn(self, record: StepRecord) -> None:
        self.used["turns"] += 1
        self.took(record)

    def took_call(self, record: StepRecord) -> None:
        self.used["calls"] += 1
        self.took(record)

    def took(self, record: StepRecord) -> None:
        """A step that took time was finished."""
        if record.started_at is not None and record.finished_at is not None:
            self._seconds += (record.finished_at - record.started_at).total_seconds()
            self.used["seconds"] = int(self._seconds)

    def reached(self, names: Sequence[str]) -> Reached | None:
        """The first of these limits that is used up."""
        for name in names:
            allowed = self._limits[name] * self.allowed[name]
            if self.used[name] >= allowed:
                return Reached(name, self.used[name], allowed)
        return None

    def allow_more(self, name: str) -> None:
        self.allowed[name] += 1

    def goes_in_circles(self, name: str, arguments: Any, result: Mapping[str, Any]) -> bool:
        """Whether the same call gave the same result several times, one after the other."""
        seen = digest({"name": name, "arguments": arguments, "text": result["text"]})
        self._last = [*self._last, seen] if self._last[-1:] == [seen] else [seen]
        if len(self._last) < SAME_IN_A_ROW:
            return False
        self._last = []
        return True

    def is_lost(self, *, bad: bool) -> bool:
        """Whether several calls, one after the other, were such that nothing could be run."""
        self._bad = self._bad + 1 if bad else 0
        if self._bad < BAD_IN_A_ROW:
            return False
        self._bad = 0
        return True
