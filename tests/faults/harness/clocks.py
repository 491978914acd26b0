"""Clocks that jump: processes started with ``environment`` see the time of their clock's file
(libfaketime).

Only the time of day is moved; the monotonic clock goes on as the kernel's does when somebody sets
the date.
"""

from __future__ import annotations

import os
import time
from datetime import datetime
from pathlib import Path

LIBRARIES = ("/usr/lib", "/usr/local/lib", "/usr/lib64")
NAME = "libfaketimeMT.so.1"
ABSENT = f"{NAME} is not installed: apt-get install faketime (Debian), and run it again."


def library() -> Path | None:
    """Where libfaketime is, if it is there."""
    return next(
        (path for folder in LIBRARIES for path in Path(folder).glob(f"**/faketime/{NAME}")), None
    )


class Clock:
    """One clock, right at first.

    ``jumps`` are what it was set off by, each with the real moment (seconds).
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.jumps: list[tuple[float, float]] = []
        self.set(0.0)

    @property
    def environment(self) -> dict[str, str]:
        found = library()
        assert found is not None, ABSENT
        return {
            "LD_PRELOAD": str(found),
            "FAKETIME_TIMESTAMP_FILE": str(self._path),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }

    def set(self, seconds: float) -> None:
        """Be off by so many seconds from now on."""
        part = self._path.with_suffix(".part")
        part.write_text(f"{seconds:+.0f}")
        os.replace(part, self._path)
        self.jumps.append((time.time(), seconds))

    def set_to(self, moment: datetime) -> None:
        self.set(moment.timestamp() - time.time())

    def is_behind(self) -> bool:
        return self.jumps[-1][1] < 0

    def at(self, real: float) -> float:
        """What this clock showed at a real moment."""
        return real + next(
            (seconds for since, seconds in reversed(self.jumps) if since <= real), 0.0
        )
