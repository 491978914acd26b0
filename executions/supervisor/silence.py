"""When a process counts as hung: it says nothing, though it had the time to.

A process says once a second that it lives, from a thread that needs no database. Time counts only
while whoever watches it was running itself: after a machine slept, or was too busy to watch, nobody
is blamed.
"""

from __future__ import annotations

from dataclasses import dataclass

# It runs, and no thread of it comes to speak: something holds the interpreter.
HUNG_SECONDS = 10.0
# It does not run at all: stopped, waiting for a disk, or the machine has no time for it.
STILL_SECONDS = 30.0
# Loading its code comes before its first word.
FIRST_SECONDS = 120.0
# Less than this share of the silence is no sign of running.
RUNNING_SHARE = 0.05
# How much of the time between two looks counts at most.
LONGEST_LOOK_SECONDS = 2.0


@dataclass(slots=True)
class Silence:
    """How long one process has said nothing.

    Times in seconds; ``used`` is processor time since its start.
    """

    seconds: float = 0.0
    used_before: float = 0.0
    has_spoken: bool = False

    def look(self, *, elapsed: float, spoke: bool, used: float) -> str:
        """Take note of what was seen since the last look; why it counts as hung, or nothing."""
        if spoke:
            self.seconds, self.used_before, self.has_spoken = 0.0, used, True
            return ""
        self.seconds += min(elapsed, LONGEST_LOOK_SECONDS)
        running = used - self.used_before
        is_running = running >= RUNNING_SHARE * self.seconds
        limit = (
            (HUNG_SECONDS if is_running else STILL_SECONDS) if self.has_spoken else FIRST_SECONDS
        )
        if self.seconds < limit:
            return ""
        return (
            f"it did not answer for {self.seconds:.0f} s and used {running:.1f} s of processor time"
        )
