"""For how long news is gathered before it goes on together: briefly after a quiet time, longer
while there is always more.
"""

from __future__ import annotations

from dataclasses import dataclass, field

GROWTH = 2


@dataclass(slots=True)
class Window:
    """``least`` seconds after a quiet time, then each time twice as long, up to ``most``."""

    least: float
    most: float
    _seconds: float = field(init=False, default=0.0)

    def take(self) -> float:
        """The seconds to gather now."""
        seconds = min(self._seconds or self.least, self.most)
        self._seconds = seconds * GROWTH
        return seconds

    def begin_anew(self) -> None:
        """It was quiet."""
        self._seconds = 0.0
