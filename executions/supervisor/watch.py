"""A child's own look at its supervisor: where the supervisor is gone, the child stops itself, in
order if it can.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import NoReturn

PARENT_VARIABLE = "STIGMER_SUPERVISOR_PID"
LOOK_SECONDS = 1.0


def stop_with_parent(grace_seconds: float) -> None:
    """Start watching if a supervisor started this process: SIGTERM once it is gone, the end after
    ``grace_seconds``.
    """
    parent = os.environ.pop(PARENT_VARIABLE, "")
    if parent:
        threading.Thread(
            target=_watch, args=(int(parent), grace_seconds), name="supervisor-watch", daemon=True
        ).start()


def _watch(parent: int, grace_seconds: float) -> NoReturn:
    while os.getppid() == parent:
        time.sleep(LOOK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(grace_seconds)
    os._exit(1)
