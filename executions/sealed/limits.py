"""How many sealed children a process has, and what each may use."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """``memory_bytes`` is the address space of a child and ``max_answer_bytes`` its largest answer.

    ``shared`` children serve all owners, and ``lane_seconds`` is how long a call may hold one of
    them. ``slow`` and ``once`` count the slow calls and the calls with secrets that run at one
    time, ``…_each`` those of one owner. ``spares`` is how many unused children are kept ready.
    ``is_patient``: a call waits as long as no process can be had, and that time counts nowhere;
    else it is told after a few seconds.
    """

    memory_bytes: int = 256 * 1024 * 1024
    max_answer_bytes: int = 4 * 1024 * 1024
    shared: int = 4
    lane_seconds: float = 0.025
    slow: int = 4
    slow_each: int = 1
    once: int = 4
    once_each: int = 2
    spares: int = 2
    is_patient: bool = False
