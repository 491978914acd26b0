"""Waiting for something to come true, instead of sleeping and hoping."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

PATIENCE_SECONDS = 60.0
# For a whole Stigmer, or one process of it, to begin: on a busy machine its start takes minutes.
START_SECONDS = 300.0
# For a page to show something: the browser shares the machine with servers and workers.
PAGE_SECONDS = 60.0
LOOK_AGAIN_SECONDS = 0.01

T = TypeVar("T")


def until(condition: Callable[[], T], *, what: str, seconds: float = PATIENCE_SECONDS) -> T:
    """Look again until ``condition`` is true, and give what it gave.

    Fails with ``what`` when patience ends.
    """
    deadline = time.monotonic() + seconds
    while not (seen := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(
                f"Waited {seconds:g} s in vain until: {what} (last seen: {seen!r})"
            )
        time.sleep(LOOK_AGAIN_SECONDS)
    return seen
