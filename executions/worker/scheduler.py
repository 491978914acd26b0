"""A thread that starts what schedules want: each worker has one, and each time is taken once."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.db import close_old_connections

from executions.schedules import starting
from executions.worker.rounds import Rounds

MEND_SECONDS = 60.0


class Scheduler(Rounds):
    """Looks each second for schedules that are due and for runs of theirs that ended, now and then
    for times that a wrong clock set.
    """

    what = "schedules"

    def __init__(self, concerns: Callable[[], bool]) -> None:
        super().__init__()
        self._concerns = concerns
        self._mend_at = 0.0
        self._thread.start()

    def round(self) -> float:
        if time.monotonic() >= self._mend_at:
            self._mend_at = time.monotonic() + MEND_SECONDS
            starting.mend_times()
        elif not self._concerns():
            return self.pause
        starting.start_due()
        starting.count_ends()
        # While it only waits it keeps no connection of the few from those who drive.
        close_old_connections()
        return self.pause
