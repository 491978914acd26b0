"""A web server among the processes: its row says that it lives, so that what it had begun is known
to be left behind.

It holds no execution and is never ended for its silence: declared dead, it signs on anew.
"""

from __future__ import annotations

import threading

from django.conf import settings
from django.db import Error, close_old_connections, connection

from executions.driving.crashes import STOPPED
from executions.models import Process
from executions.models.spell import Spell
from executions.recovery.registration import register

KIND = "web"
_present: Presence | None = None


class Presence:
    """A thread that signs on and beats; ``process`` is None while the database did not hear of
    it.
    """

    def __init__(self, kind: str) -> None:
        self.process: Process | None = None
        self._kind = kind
        self._spell = Spell("presence")
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="presence", daemon=True)
        self._beat()
        self._thread.start()

    def close(self) -> None:
        """Sign off, if the database hears it."""
        self._stop.set()
        self._thread.join()
        try:
            if self.process is not None:
                self.process.declare_dead(STOPPED)
        except Error as problem:
            self._spell.met(problem, "could not sign off")
        connection.close()

    def _run(self) -> None:
        while not self._stop.wait(settings.STIGMER_HEARTBEAT_SECONDS):
            self._beat()
            # While it only waits it keeps no connection of the few from requests.
            close_old_connections()
        connection.close()

    def _beat(self) -> None:
        try:
            if self.process is None or not self.process.beat():
                self.process = register(self._kind)
        except Error as problem:
            connection.close()
            self._spell.met(problem, "no heartbeat of the web server is written")
        else:
            self._spell.over("heartbeats of the web server are written again")


def begin(kind: str = KIND) -> None:
    """From now on this process is known."""
    global _present
    if _present is None:
        _present = Presence(kind)


def end() -> None:
    """It ends in order."""
    global _present
    if _present is not None:
        _present.close()
        _present = None


def here() -> Process | None:
    """The row of this process; None where it has none."""
    return None if _present is None else _present.process
