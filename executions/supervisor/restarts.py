"""When a child that died is started again."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

FIRST_DELAY_SECONDS = 0.2
LONGEST_DELAY_SECONDS = 30.0
STABLE_SECONDS = 60.0
ALARM_COUNT = 10
ALARM_WINDOW_SECONDS = 600.0


@dataclass(slots=True)
class Restarts:
    """One child's deaths: each in a row doubles the delay; a stable life forgets them. Times are monotonic seconds."""

    in_a_row: int = 0
    deaths: deque[float] = field(default_factory=lambda: deque(maxlen=ALARM_COUNT + 1))

    def died(self, *, started_at: float, now: float) -> float:
        """Note a death and give the seconds to wait before the next start."""
        self.in_a_row = 0 if now - started_at >= STABLE_SECONDS else self.in_a_row
        delay: float = min(LONGEST_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2**self.in_a_row)
        self.in_a_row += 1
        self.deaths.append(now)
        return delay

    def are_alarming(self, now: float) -> bool:
        """Whether it died more than ten times in ten minutes."""
        return sum(now - death <= ALARM_WINDOW_SECONDS for death in self.deaths) > ALARM_COUNT
