"""How long to wait before retry number n: the DSL's back-off strategies, as plain arithmetic in
seconds.
"""

from __future__ import annotations

from dataclasses import dataclass

LONGEST_DELAY_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class Steps:
    """Delays in steps, one for each retry; the last one is used again where the list is shorter."""

    delays: tuple[float, ...]

    def delay(self, retry: int) -> float:
        return self.delays[min(retry, len(self.delays)) - 1] if self.delays else 0.0


@dataclass(frozen=True, slots=True)
class Constant:
    """The same delay before every retry."""

    seconds: float

    def delay(self, retry: int) -> float:
        return self.seconds


@dataclass(frozen=True, slots=True)
class Linear:
    """The first delay, then ``increment`` more before each later retry."""

    seconds: float
    increment: float

    def delay(self, retry: int) -> float:
        return self.seconds + self.increment * (retry - 1)


@dataclass(frozen=True, slots=True)
class Exponential:
    """The first delay, then ``multiplier`` times as long before each later retry."""

    seconds: float
    multiplier: float = 2.0

    def delay(self, retry: int) -> float:
        try:
            return float(self.seconds * self.multiplier ** (retry - 1))
        except OverflowError:
            return LONGEST_DELAY_SECONDS if self.seconds else 0.0


Backoff = Steps | Constant | Linear | Exponential


def bounded_delay(backoff: Backoff, retry: int) -> float:
    """The delay in seconds before retry ``retry`` (1 is the first), between 0 and one day."""
    return min(max(backoff.delay(retry), 0.0), LONGEST_DELAY_SECONDS)
