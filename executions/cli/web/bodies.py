"""How much of requests a web process holds while they arrive: of one, of one caller, of all."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """``body_bytes`` of one request; ``caller_bytes`` and ``all_bytes`` of those that are not
    answered yet. A request has to be whole within ``seconds``."""

    body_bytes: int
    caller_bytes: int = 16 * MEBIBYTE
    all_bytes: int = 64 * MEBIBYTE
    seconds: float = 60.0


class Held:
    """The bytes that are held now."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._callers: Counter[str] = Counter()
        self._all = 0

    def take(self, caller: str, count: int) -> bool:
        """Hold so many bytes more for this caller; False where there is no room for them."""
        # One whole body has to fit, whatever the settings say.
        body = self.limits.body_bytes
        if self._callers[caller] + count > max(self.limits.caller_bytes, body):
            return False
        if self._all + count > max(self.limits.all_bytes, 2 * body):
            return False
        self._callers[caller] += count
        self._all += count
        return True

    def give_back(self, caller: str, count: int) -> None:
        self._all -= count
        self._callers[caller] -= count
        if not self._callers[caller]:
            del self._callers[caller]

    @property
    def bytes(self) -> int:
        """How many bytes are held now."""
        return self._all
