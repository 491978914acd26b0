"""A thread that carries out bulk runs: each worker has one, and each bulk run one worker."""

from __future__ import annotations

import threading
import uuid

import structlog
from django.db import DatabaseError, close_old_connections, connection

from executions.bulk.driving import Driving
from executions.models.spell import Spell

# While one is under way it goes on so soon; else it is looked for so often.
NEXT_SECONDS = 0.1
LOOK_SECONDS = 1.0
log = structlog.get_logger(__name__)


class Bulker:
    """Looks for bulk runs and works on them, beside whatever the worker drives."""

    def __init__(self, process_id: uuid.UUID) -> None:
        self._closed = threading.Event()
        self._driving = Driving(process_id, self._closed.is_set)
        self._thread = threading.Thread(target=self._run, name="bulk", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Begin no further item; others go on with what is left."""
        self._closed.set()
        self._thread.join()

    def _run(self) -> None:
        spell, pause = Spell("bulk runs"), LOOK_SECONDS
        while not self._closed.wait(pause):
            try:
                pause = NEXT_SECONDS if self._driving.step() else LOOK_SECONDS
                spell.over("bulk runs go on")
            except DatabaseError as problem:
                pause = LOOK_SECONDS
                connection.close()
                spell.met(problem, "bulk runs wait: the database does not take it")
            except Exception:
                # Whatever it was: without this thread bulk runs would stand still.
                pause = LOOK_SECONDS
                connection.close()
                log.exception("bulk run failed")
            if pause == LOOK_SECONDS:
                # While it only waits it keeps no connection of the few from those who drive.
                close_old_connections()
        connection.close()
