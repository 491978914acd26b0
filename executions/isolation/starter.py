"""Starts child processes from one thread that lives as long as the process.

The kernel's "kill me when my parent ends" (PR_SET_PDEATHSIG, prctl(2)) means the *thread* that
started the child: started from a passing thread, a child would die with it.
"""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from queue import SimpleQueue

Start = Callable[[], "subprocess.Popen[bytes]"]
_lock = threading.Lock()
_queue: SimpleQueue[tuple[Start, Future[subprocess.Popen[bytes]]]] | None = None
_owner_pid = 0


def start(arguments: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """A new process in a session of its own, its three streams piped; raises OSError if it cannot
    be started.
    """
    done: Future[subprocess.Popen[bytes]] = Future()

    def begin() -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            arguments,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )

    _starter().put((begin, done))
    return done.result()


def _starter() -> SimpleQueue[tuple[Start, Future[subprocess.Popen[bytes]]]]:
    global _queue, _owner_pid
    with _lock:
        if _queue is None or _owner_pid != os.getpid():
            _queue, _owner_pid = SimpleQueue(), os.getpid()
            threading.Thread(
                target=_serve, args=(_queue,), name="child-starter", daemon=True
            ).start()
        return _queue


def _serve(queue: SimpleQueue[tuple[Start, Future[subprocess.Popen[bytes]]]]) -> None:
    while True:
        begin, done = queue.get()
        try:
            done.set_result(begin())
        except BaseException as error:
            done.set_exception(error)
