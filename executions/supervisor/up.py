"""The order of things: check, prepare, start, watch, stop."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from executions.supervisor import logins, preflight, redis_server
from executions.supervisor.child import Child, run_python
from executions.supervisor.output import SUPERVISOR, Output
from executions.supervisor.ready import ready_problem
from executions.supervisor.welcome import welcome

READY_POLL_SECONDS = 0.1
READY_WARNING_SECONDS = 30.0
REDIS_START_SECONDS = 30.0
WEB_STOP_SECONDS = 12.0  # Daphne gives requests 10 s
TEXT = {"text": True, "json": False, "auto": None}
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def up() -> int:
    """Run Stigmer in the foreground until it is asked to stop; the exit code. Raises CannotStart."""
    with preflight.owned_home(settings.STIGMER_HOME):
        preflight.check_port(settings.STIGMER_BIND, settings.STIGMER_PORT, "STIGMER_PORT")
        if settings.STIGMER_DEMO:
            preflight.check_port("127.0.0.1", settings.STIGMER_DEMO_PORT, "STIGMER_DEMO_PORT")
        return asyncio.run(Supervisor().run())


@dataclass(slots=True)
class Supervisor:
    """Owns the children. ``running`` holds them in the order in which they were started."""

    output: Output = field(default_factory=lambda: Output(text=TEXT[settings.STIGMER_LOG_FORMAT]))
    running: list[Child] = field(default_factory=list)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        for number in STOP_SIGNALS:
            loop.add_signal_handler(number, self._asked_to_stop)
        started_at = time.monotonic()
        try:
            await self._start(started_at)
            await self.stopping.wait()
        finally:
            await self._stop()
        return 0

    async def _start(self, started_at: float) -> None:
        if settings.STIGMER_EMBEDDED_REDIS:
            await self._start_redis()
        people = await asyncio.to_thread(_prepare_database)
        if self.stopping.is_set():
            return
        self._keep(self._child("web", stop_seconds=WEB_STOP_SECONDS))
        for number in range(1, settings.STIGMER_WORKERS + 1):
            child = self._child("worker", stop_seconds=settings.STIGMER_DRAIN_SECONDS + 5)
            child.name = f"worker-{number}"
            self._keep(child)
        if settings.STIGMER_DEMO and importlib.util.find_spec("executions.demo.__main__"):
            self._keep(self._child("demo"))
        if await self._until_ready(started_at):
            welcome(people, seconds=time.monotonic() - started_at)

    async def _start_redis(self) -> None:
        socket = Path(settings.REDIS_URL.removeprefix("unix://"))
        await asyncio.to_thread(redis_server.end_left_behind, socket)
        command = redis_server.command(settings.STIGMER_HOME / "redis", socket)
        self._keep(Child("redis", command, self.output.say, tidy=redis_server.tidy))
        give_up_at = time.monotonic() + REDIS_START_SECONDS
        while not redis_server.is_listening(socket):
            if time.monotonic() > give_up_at:
                raise preflight.CannotStart(f"The embedded Redis did not start within {REDIS_START_SECONDS:g} s.")
            await asyncio.sleep(0.02)

    async def _until_ready(self, started_at: float) -> bool:
        warned = False
        while (problem := await asyncio.to_thread(ready_problem)) is not None:
            if self.stopping.is_set():
                return False
            if not warned and time.monotonic() - started_at > READY_WARNING_SECONDS:
                warned = True
                self.output.say(SUPERVISOR, f"still not ready: {problem}")
            await asyncio.sleep(READY_POLL_SECONDS)
        return True

    async def _stop(self) -> None:
        """Web first, so that nobody new comes in; then the workers; Redis last."""
        if self.running:
            self.output.say(SUPERVISOR, "stopping")
        for kind in ("web", "demo", "worker", "redis"):
            await asyncio.gather(*(child.stop() for child in self.running if child.name.split("-")[0] == kind))
        if self.running:
            self.output.say(SUPERVISOR, "stopped")

    def _asked_to_stop(self) -> None:
        self.stopping.set()

    def _keep(self, child: Child) -> None:
        self.running.append(child)
        child.start()

    def _child(self, command: str, *, stop_seconds: float = 10.0) -> Child:
        return Child(
            command,
            run_python("-m", "executions.cli", command),
            self.output.say,
            environment=_child_environment(),
            stop_seconds=stop_seconds,
        )


def _child_environment() -> dict[str, str]:
    """What the children read beside our own environment; the demo is the one local service that steps may call."""
    demo = [f"127.0.0.1:{settings.STIGMER_DEMO_PORT}"] if settings.STIGMER_DEMO else []
    return {
        "PYTHONUNBUFFERED": "1",
        "STIGMER_LOG_FORMAT": "json",
        "STIGMER_HOME": str(settings.STIGMER_HOME),
        "STIGMER_DEMO_PORT": str(settings.STIGMER_DEMO_PORT),
        "STIGMER_HTTP_ALLOWED_HOSTS": ",".join([*settings.STIGMER_HTTP_ALLOWED_HOSTS, *demo]),
    }


def _prepare_database() -> list[logins.Login]:
    """Check that the database is not newer than the code, bring it up to date, make the log-ins and the examples."""
    from django.core.management import call_command
    from django.db import connections

    try:
        preflight.check_migrations_known()
        call_command("migrate", interactive=False, verbosity=0)
        people = logins.make_once(settings.STIGMER_HOME)
        if importlib.util.find_spec("executions.cli.examples"):
            importlib.import_module("executions.cli.examples").apply_once()
        return people
    finally:
        connections.close_all()
