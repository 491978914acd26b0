"""How the shop misbehaves: at most one fault per operation, for the next few calls or until it is
taken away.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

OPERATIONS = ("stock", "reserve", "charge", "ship", "health")
KINDS = {
    "unavailable": "answers 503 and does nothing",
    "reject": "answers 400 and does nothing",
    "slow": "waits, then works",
    "hang": "works, but answers only after a long wait",
    "drop": "works, but the answer gets lost",
}
DEFAULT_SECONDS = {"slow": 3.0, "hang": 60.0}
MAX_SECONDS = 3_600.0
MAX_TIMES = 1_000


@dataclass(frozen=True, slots=True)
class Fault:
    """``times`` is how many calls it still takes (None: until taken away); ``seconds`` is how long
    it waits.
    """

    kind: str
    times: int | None = 1
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def read_fault(asked: Mapping[str, Any]) -> Fault | None:
    """The fault that a control request asks for, None to take it away; ValueError says what is
    wrong.
    """
    kind, times = asked.get("fault"), asked.get("times", 1)
    if kind is None:
        return None
    if kind not in KINDS:
        raise ValueError(
            f"fault: {kind!r} is not known; use one of {', '.join(KINDS)}, or null for none"
        )
    if times is not None and (
        isinstance(times, bool) or not isinstance(times, int) or not 1 <= times <= MAX_TIMES
    ):
        raise ValueError(f"times: expected a number from 1 to {MAX_TIMES}, or null for every call")
    seconds = asked.get("seconds", DEFAULT_SECONDS.get(kind, 0.0))
    if (
        isinstance(seconds, bool)
        or not isinstance(seconds, int | float)
        or not 0 <= seconds <= MAX_SECONDS
    ):
        raise ValueError(f"seconds: expected a number from 0 to {MAX_SECONDS:g}")
    return Fault(kind, times, float(seconds))


class Faults:
    """The faults in force, by operation; safe to use from many threads. To take a fault away ends
    the wait of the calls that it holds up.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: dict[str, Fault] = {}
        self._taken_away = {operation: threading.Event() for operation in OPERATIONS}

    def set(self, operation: str, fault: Fault | None) -> None:
        with self._lock:
            if fault is None:
                self._take_away(operation)
            else:
                self._faults[operation] = fault

    def wait(self, operation: str, seconds: float) -> None:
        """Hold a call up for so long, or until the fault is taken away."""
        with self._lock:
            taken_away = self._taken_away[operation]
        taken_away.wait(seconds)

    def _take_away(self, operation: str) -> None:
        self._faults.pop(operation, None)
        self._taken_away[operation].set()
        self._taken_away[operation] = threading.Event()

    def take(self, operation: str) -> Fault | None:
        """The fault that meets this call, used up by one."""
        with self._lock:
            fault = self._faults.get(operation)
            if fault is not None and fault.times is not None:
                if fault.times == 1:
                    del self._faults[operation]
                else:
                    self._faults[operation] = replace(fault, times=fault.times - 1)
            return fault

    def clear(self) -> None:
        with self._lock:
            for operation in OPERATIONS:
                self._take_away(operation)

    def as_json(self) -> dict[str, Any]:
        with self._lock:
            return {
                name: fault.as_json() for name in OPERATIONS if (fault := self._faults.get(name))
            }
