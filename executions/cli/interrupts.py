"""Ctrl-C that is heard for sure."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

AGAIN_SECONDS = 0.2


@contextmanager
def heard_for_sure() -> Iterator[None]:
    """Ctrl-C raises KeyboardInterrupt in here, and raises it again until it has left.

    Python drops an exception that is raised in a callback of its own, and while modules are loaded
    it calls many: a Ctrl-C that met one of them was lost.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, _again) for number in (signal.SIGINT, signal.SIGALRM)}
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)


def _again(number: int, frame: FrameType | None) -> NoReturn:
    signal.setitimer(signal.ITIMER_REAL, AGAIN_SECONDS)
    raise KeyboardInterrupt
