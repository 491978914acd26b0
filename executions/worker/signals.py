"""The signals that ask a process to stop."""

from __future__ import annotations

import signal
import threading
from types import FrameType


def on_signal(stop: threading.Event) -> None:
    """SIGTERM and SIGINT set ``stop``."""

    def ask_to_stop(number: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, ask_to_stop)
    signal.signal(signal.SIGINT, ask_to_stop)
