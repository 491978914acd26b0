"""Real worker processes (`stigmer worker`), started and ended by their id; and a real Redis that may vanish."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import redis

from executions.supervisor.redis_server import executable
from tests.faults.harness.rig import ROOT, Rig
from tests.waiting import until


class Workers:
    """The living worker processes of a rig, as a supervisor keeps them: ``keep`` starts what is missing."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self.processes: list[subprocess.Popen[bytes]] = []
        self.environment: dict[str, str] = {}
        self.started = 0

    def keep(self, count: int) -> None:
        self.processes = [process for process in self.processes if process.poll() is None]
        while len(self.processes) < count:
            self.start()

    def start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "executions.cli", "worker"]
        with (self._rig.folder / "workers.log").open("ab") as log:
            environment = {**os.environ, **self.environment}
            process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        self.processes.append(process)
        self.started += 1
        return process

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        process.send_signal(signal.SIGKILL)
        process.wait()

    def close(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.wait()


class Redis:
    """A redis-server on the rig's socket that can be ended and started again, empty."""

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
        arguments = ["--port", "0", "--unixsocket", str(self._rig.redis_socket), "--dir", str(self._rig.folder)]
        arguments += ["--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction"]
        process = subprocess.Popen([executable(), *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
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
        until(lambda: len(server.client.smembers("rq:workers")) >= count, what="the workers listen")
        yield workers, server
    finally:
        workers.close()
        server.close()
