"""A thread that carries out bulk runs: each worker has one, and each bulk run one worker."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django.db import close_old_connections

from executions.bulk.driving import Driving
from executions.worker.rounds import Rounds

# While one is under way it goes on so soon.
NEXT_SECONDS = 0.1


class Bulker(Rounds):
    """Looks for bulk runs and works on them. Once closed it begins no further item: others go on
    with what is left.
    """

    what = "bulk runs"

    def __init__(self, process_id: uuid.UUID, concerns: Callable[[], bool]) -> None:
        super().__init__()
        self._concerns = concerns
        self._driving = Driving(process_id, self._closed.is_set)
        self._thread.start()

    def round(self) -> float:
        """One batch of one bulk run."""
        if not self._concerns():
            return self.pause
        if self._driving.step():
            return NEXT_SECONDS
        # While it only waits it keeps no connection of the few from those who drive.
        close_old_connections()
        return self.pause
