"""A process says that it lives: to its supervisor by a pipe, to systemd by its socket.

A thread that needs no database does so once a second. It falls silent only where no thread of the
process can run, or the whole of it does not. Asked by a signal the process writes where each of its
threads stands, even then.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import threading
from collections.abc import Callable

from executions.supervisor import systemd

ANSWERS_VARIABLE = "STIGMER_ANSWERS"
DUMP_SIGNAL = signal.SIGUSR1
EVERY_SECONDS = 1.0


def answer() -> None:
    """From now on say so to whoever started this process and wants to know.

    To be called once, after any fork.
    """
    name_threads_when_asked()
    telling: list[Callable[[], bool]] = []
    if descriptor := os.environ.pop(ANSWERS_VARIABLE, ""):
        telling.append(_pipe(int(descriptor)))
    systemd.take_over()
    every = EVERY_SECONDS
    if (seconds := systemd.watchdog_seconds()) is not None:
        telling.append(_systemd)
        every = min(every, seconds / 3)
    _start(telling, every)


def answer_by(descriptor: int) -> None:
    """The same for a fork, which says it by this pipe alone."""
    name_threads_when_asked()
    _start([_pipe(descriptor)], EVERY_SECONDS)


def name_threads_when_asked() -> None:
    """Write to standard error where each thread stands: on ``DUMP_SIGNAL``, and before a fatal
    signal ends this.
    """
    faulthandler.enable()
    faulthandler.register(DUMP_SIGNAL, all_threads=True, chain=False)


def _start(telling: list[Callable[[], bool]], every: float) -> None:
    if telling:
        threading.Thread(target=_speak, args=(telling, every), name="answers", daemon=True).start()


def _speak(telling: list[Callable[[], bool]], every: float) -> None:
    pause = threading.Event()
    while telling := [tell for tell in telling if tell()]:
        pause.wait(every)


def _pipe(descriptor: int) -> Callable[[], bool]:
    os.set_inheritable(descriptor, False)
    os.set_blocking(descriptor, False)

    def tell() -> bool:
        """Whether anybody listens still."""
        try:
            os.write(descriptor, b".")
        except BlockingIOError:
            # Not read for long: there is enough to be read.
            return True
        except OSError:
            return False
        return True

    return tell


def _systemd() -> bool:
    systemd.notify("WATCHDOG=1")
    return True
