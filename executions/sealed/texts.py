"""Which texts are known to be quick, and which were slow for whom."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict

_REMEMBERED = 4_096
_SLOW_FOR_SECONDS = 60.0


class Texts:
    """A memory of bounded size; any number of threads may use it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._quick: OrderedDict[str, None] = OrderedDict()
        self._slow_until: OrderedDict[tuple[str, str], float] = OrderedDict()

    def is_quick(self, text: str) -> bool:
        """Whether this text ran and was not slow."""
        return text in self._quick

    def is_slow(self, owner: str, text: str) -> bool:
        """Whether this text was slow for this owner within the last minute."""
        until = self._slow_until.get((owner, text))
        return until is not None and time.monotonic() < until

    def was_quick(self, text: str) -> None:
        """Remember that it was."""
        if text in self._quick:
            return
        with self._lock:
            self._quick[text] = None
            if len(self._quick) > _REMEMBERED:
                self._quick.popitem(last=False)

    def was_slow(self, owner: str, text: str) -> None:
        """Remember that it was. For this owner alone: others may give it less to work on."""
        with self._lock:
            self._quick.pop(text, None)
            self._slow_until[owner, text] = time.monotonic() + _SLOW_FOR_SECONDS
            self._slow_until.move_to_end((owner, text))
            if len(self._slow_until) > _REMEMBERED:
                self._slow_until.popitem(last=False)
