"""Real worker processes (`stigmer worker`), started and ended by their id; and a real Redis that
may vanish.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import redis

from executions.supervisor.redis_server import executable
from tests import server_logs
from tests.faults.harness.rig import ROOT, Rig
from tests.waiting import START_SECONDS, until

LOOK_SECONDS = 0.02


class Workers:
    """The living worker processes of a rig, as a supervisor keeps them: ``keep`` starts what is
    missing.
    """

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self.processes: list[subprocess.Popen[bytes]] = []
        self.groups: list[int] = []
        self.environment: dict[str, str] = {}
        self.started = 0

    def keep(self, count: int) -> None:
        self.processes = [process for process in self.processes if process.poll() is None]
        while len(self.processes) < count:
            self.start()

    @contextmanager
    def kept(self, count: int) -> Iterator[None]:
        """Inside, who ends is replaced at once, as a supervisor does."""
        over = threading.Event()

        def look() -> None:
            while not over.wait(LOOK_SECONDS):
                self.keep(count)

        thread = threading.Thread(target=look, name="keep workers", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "executions.cli", "worker"]
        with server_logs.writing(self._rig.folder / "workers.log") as log:
            environment = {**os.environ, **self.environment}
            process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=log, stderr=log, process_group=0
            )
        self.processes.append(process)
        self.groups.append(process.pid)
        self.started += 1
        return process

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        process.send_signal(signal.SIGKILL)
        process.wait()

    def close(self) -> None:
        """End all that were started, and whatever they started: each led a group of its own."""
        for group in self.groups:
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)
        for process in self.processes:
            process.wait()


class Redis:
    """The product's Redis on the rig's socket that can be ended and started again, empty."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self.client = redis.Redis(unix_socket_path=str(rig.redis_socket))
        self.process = self._started()

    def restart(self) -> None:
        """SHUTDOWN NOSAVE and a new, empty one."""
        try:
            self.client.shutdown(nosave=True)
        except redis.RedisError:
            self.process.kill()
        self.process.wait()
        self.process = self._started()

    def close(self) -> None:
        self.process.send_signal(signal.SIGCONT)
        self.process.kill()
        self.process.wait()

    def _started(self) -> subprocess.Popen[bytes]:
        arguments = [
            "--port",
            "0",
            "--unixsocket",
            str(self._rig.redis_socket),
            "--dir",
            str(self._rig.folder),
        ]
        arguments += ["--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction"]
        process = subprocess.Popen(
            [executable(), *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until(self._answers, what="redis answers")
        return process

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.RedisError:
            return False


@contextmanager
def crew(rig: Rig, count: int = 2) -> Iterator[tuple[Workers, Redis]]:
    """Redis and ``count`` workers for the trials of one fault."""
    server, workers = Redis(rig), Workers(rig)
    try:
        workers.keep(count)
        until(
            lambda: len(server.client.smembers("rq:workers")) >= count,
            what="the workers listen",
            seconds=START_SECONDS,
        )
        yield workers, server
    finally:
        workers.close()
        server.close()
