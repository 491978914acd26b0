"""Which texts are known to be quick, and which are slow for whom."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

_REMEMBERED = 4_096
_SLOW_FOR_SECONDS = 60.0
# So often in a row a text is long before it counts as slow (the first time it is compiled), and
# quick before it counts as quick again.
_LONG_IN_A_ROW = 2
_QUICK_IN_A_ROW = 5


@dataclass(slots=True)
class _Slow:
    until: float
    quick: int = 0


class Texts:
    """A memory of bounded size; any number of threads may use it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._quick: OrderedDict[str, None] = OrderedDict()
        self._long: OrderedDict[tuple[str, str], int] = OrderedDict()
        self._slow: OrderedDict[tuple[str, str], _Slow] = OrderedDict()

    def is_quick(self, text: str) -> bool:
        """Whether this text ran, and was quick when it did last."""
        return text in self._quick

    def is_slow(self, owner: str, text: str) -> bool:
        """Whether this text was slow for this owner within the last minute."""
        slow = self._slow.get((owner, text))
        return slow is not None and time.monotonic() < slow.until

    def was_quick(self, owner: str, text: str) -> None:
        """Remember that it was."""
        if text in self._quick and not self._slow and not self._long:
            return
        with self._lock:
            slow = self._slow.get((owner, text))
            if slow is not None:
                slow.quick += 1
                if slow.quick < _QUICK_IN_A_ROW:
                    return
                del self._slow[owner, text]
            self._long.pop((owner, text), None)
            self._quick[text] = None
            _forget_oldest(self._quick)

    def was_long(self, owner: str, text: str) -> None:
        """Remember that it came to its end, but took longer than others should wait for."""
        with self._lock:
            self._long[owner, text] = times = self._long.get((owner, text), 0) + 1
            _forget_oldest(self._long)
        if times >= _LONG_IN_A_ROW:
            self.was_slow(owner, text)

    def was_slow(self, owner: str, text: str) -> None:
        """Remember that it is. For this owner alone: others may give it less to work on."""
        with self._lock:
            self._quick.pop(text, None)
            self._slow[owner, text] = _Slow(time.monotonic() + _SLOW_FOR_SECONDS)
            self._slow.move_to_end((owner, text))
            _forget_oldest(self._slow)


def _forget_oldest(memory: OrderedDict[Any, Any]) -> None:
    if len(memory) > _REMEMBERED:
        memory.popitem(last=False)
