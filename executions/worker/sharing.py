"""How often the threads of a worker change places."""

from __future__ import annotations

import sys
import threading

# The interpreter's own five milliseconds are long for a run that begins while events are matched:
# starts beside 100 events a second took 1.22 times as long, with this 1.12 times. At all times it
# would cost a third more processor time.
SECONDS = 0.000_5


class Sharing:
    """While somebody is inside, a thread that computes gives way to the others often."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._usual = sys.getswitchinterval()

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1
            sys.setswitchinterval(SECONDS)

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                sys.setswitchinterval(self._usual)
