"""How far a run has gone, and whether a person has to say that it goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from executions.calls.agent.limits import RunLimits
from executions.journal.decided import Child
from executions.journal.records import StepRecord
from executions.mind.messages import digest

SAME_IN_A_ROW = 3
BAD_IN_A_ROW = 3
_WORDS = {
    "turns": "requests to the model",
    "calls": "calls of tools",
    "tokens": "tokens",
    "seconds": "seconds of turns and tool calls",
    "cost": "money",
}
Amount = int | Decimal


@dataclass(frozen=True, slots=True)
class Reached:
    """A limit that was hit: ``what`` it counts, how much was ``used``, what was ``allowed``."""

    what: str
    used: Amount
    allowed: Amount

    def sentence(self) -> str:
        used, allowed = amount(self.used), amount(self.allowed)
        if self.what == "cost":
            return f"The run has cost {used} of the {allowed} that it may cost."
        return f"The run has used {used} of the {allowed} {_WORDS[self.what]} that it may use."


def amount(value: Amount) -> str:
    """As people read it."""
    return f"{value.normalize():,f}" if isinstance(value, Decimal) else f"{value:,}"


def spent_below(record: StepRecord) -> dict[str, Any] | None:
    """The ``usage`` and ``cost`` of the agents to whom this call handed work, also by way of a
    workflow; None if it handed none on, or has not ended.
    """
    if record.kind != "run" or not record.is_finished():
        return None
    # Older journals have it in the output alone.
    output = Child.of(record).spent or record.output
    usable = isinstance(output, dict) and isinstance(output.get("usage"), dict)
    is_handed = Child.of(record).spent is not None or "agent" in (record.arguments or {})
    return output if usable and is_handed else None


def _tokens(usage: Mapping[str, Any]) -> int:
    return int(usage.get("input_tokens") or 0) + int(usage.get("output_tokens") or 0)


class Spent:
    """The amounts that a run has used, counted as its walk goes along."""

    def __init__(self, limits: RunLimits) -> None:
        self._limits: dict[str, Amount] = {
            "turns": limits.turns,
            "calls": limits.tool_calls,
            "tokens": limits.tokens,
            "seconds": limits.seconds,
        }
        if limits.cost is not None:
            self._limits["cost"] = Decimal(str(limits.cost))
        self.used: dict[str, Amount] = dict.fromkeys(self._limits, 0)
        # Used by the agents to whom work was handed: it counts as the run's own.
        self._handed_cost = Decimal(0)
        self.handed: list[Mapping[str, Any]] = []
        self.is_cost_known = True
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
        if (spent := spent_below(record)) is not None:
            self._took_run(spent)

    def says(self, tokens: int, cost: str | None) -> None:
        """Count the use of the run's own turns; a cost of None is not known."""
        self.used["tokens"] = tokens + sum(map(_tokens, self.handed))
        self.is_cost_known = self.is_cost_known and cost is not None
        if "cost" in self._limits:
            self.used["cost"] = Decimal(cost or 0) + self._handed_cost

    def first(self, name: str) -> Amount:
        """The amount that was allowed before anybody allowed more."""
        return self._limits[name]

    def is_cost_hidden(self) -> bool:
        """Whether there is a limit of the cost that cannot be kept."""
        return "cost" in self._limits and not self.is_cost_known

    def left(self, name: str) -> Amount | None:
        """How much of a limit is left; None where there is no such limit."""
        if name not in self._limits:
            return None
        return max(self._limits[name] * self.allowed[name] - self.used[name], 0 * self.used[name])

    def _took_run(self, spent: Mapping[str, Any]) -> None:
        """Work that was handed to others has ended, well or not."""
        cost = Decimal(str(spent.get("cost") or 0))
        self.handed.append(spent["usage"])
        self.used["tokens"] += _tokens(spent["usage"])
        self.is_cost_known = self.is_cost_known and spent.get("cost") is not None
        self._handed_cost += cost
        if "cost" in self._limits:
            self.used["cost"] += cost

    def cost(self, own: str | None) -> str | None:
        """The cost of the run and of those to whom it handed work; ``own`` is that of its turns."""
        if own is None or not self.is_cost_known:
            return None
        return f"{(Decimal(own) + self._handed_cost).normalize():f}"

    def took(self, record: StepRecord) -> None:
        """A step that took time was finished."""
        if record.started_at is not None and record.finished_at is not None:
            self._seconds += (record.finished_at - record.started_at).total_seconds()
            self.used["seconds"] = int(self._seconds)

    def reached(self, names: Sequence[str]) -> Reached | None:
        """The first of these limits that is used up."""
        for name in (each for each in names if each in self._limits):
            allowed = self._limits[name] * self.allowed[name]
            if self.used[name] >= allowed:
                return Reached(name, self.used[name], allowed)
        return None

    def allow_more(self, name: str) -> None:
        self.allowed[name] += 1

    def goes_in_circles(self, name: str, arguments: Any, result: Mapping[str, Any]) -> bool:
        """Whether the same call gave the same result several times, one after the other."""
        call_digest = digest({"name": name, "arguments": arguments, "text": result["text"]})
        self._last = (
            [*self._last, call_digest] if self._last[-1:] == [call_digest] else [call_digest]
        )
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
