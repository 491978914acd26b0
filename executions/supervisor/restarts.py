"""When a child that ended is started again: after a crash later and later, after an orderly end at
once.
"""

from __future__ import annotations

import signal
from collections import deque
from dataclasses import dataclass, field

FIRST_DELAY_SECONDS = 0.2
LONGEST_DELAY_SECONDS = 30.0
STABLE_SECONDS = 60.0
ALARM_COUNT = 10
ALARM_WINDOW_SECONDS = 600.0
# Somebody asked for it: with these a process that has not set up its own handler yet ends by the
# signal itself.
ASKED = (0, -signal.SIGTERM, -signal.SIGINT, -signal.SIGHUP)


@dataclass(slots=True)
class Restarts:
    """One child's crashes: each in a row doubles the delay; a stable life forgets them.

    Times are monotonic seconds.
    """

    in_a_row: int = 0
    deaths: deque[float] = field(default_factory=lambda: deque(maxlen=ALARM_COUNT + 1))

    def ended(self, code: int, *, started_at: float, now: float) -> float:
        """Note an end by its exit code (negative: the signal) and give the seconds to wait before
        the next start.

        A child that was asked to end did not crash: that is not counted, and it comes back after
        the first delay.
        """
        if code in ASKED:
            return FIRST_DELAY_SECONDS
        return self.died(started_at=started_at, now=now)

    def died(self, *, started_at: float, now: float) -> float:
        """Note a crash and give the seconds to wait before the next start."""
        self.in_a_row = 0 if now - started_at >= STABLE_SECONDS else self.in_a_row
        delay: float = min(LONGEST_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2**self.in_a_row)
        self.in_a_row += 1
        self.deaths.append(now)
        return delay

    def are_alarming(self, now: float) -> bool:
        """Whether it died more than ten times in ten minutes."""
        return sum(now - death <= ALARM_WINDOW_SECONDS for death in self.deaths) > ALARM_COUNT
