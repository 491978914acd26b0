"""The order of things: check, prepare, start, watch, stop."""

from __future__ import annotations

import asyncio
import signal
import time
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.conf import settings

from executions.supervisor import logins, preflight, redis_server, systemd
from executions.supervisor.answers import name_threads_when_asked
from executions.supervisor.child import Child, run_python
from executions.supervisor.kept import Kept
from executions.supervisor.output import SUPERVISOR, Output
from executions.supervisor.ready import ready_problem
from executions.worker_identity import expect_exits, note_exit
from stigmer_site.home import redis_socket
from stigmer_site.sqlite.files import checkpoint_at_the_end

READY_POLL_SECONDS = 0.1
READY_WARNING_SECONDS = 30.0
REDIS_START_SECONDS = 30.0
WEB_STOP_SECONDS = 12.0  # Daphne gives requests 10 s
REFUSAL = "stigmer: "
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def up() -> int:
    """Run Stigmer in the foreground until it is asked to stop; the exit code. Raises
    CannotStart.
    """
    with preflight.owned_home(settings.STIGMER_HOME):
        preflight.check_port(settings.STIGMER_BIND, settings.STIGMER_PORT, "STIGMER_PORT")
        if settings.STIGMER_DEMO:
            preflight.check_port("127.0.0.1", settings.STIGMER_DEMO_PORT, "STIGMER_DEMO")
        return asyncio.run(Supervisor().run())


@dataclass(slots=True)
class Supervisor:
    """Owns the children.

    It loads neither Django's applications nor a database: the web server prepares that.
    """

    output: Output = field(default_factory=lambda: _output())
    running: list[Child] = field(default_factory=list)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    prepared: asyncio.Event = field(default_factory=asyncio.Event)
    refusal: str = ""

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        for stop_signal in STOP_SIGNALS:
            loop.add_signal_handler(stop_signal, self.stopping.set)
        started_at = time.monotonic()
        expect_exits(settings.STIGMER_HOME)
        name_threads_when_asked()
        systemd.take_over()
        alive = asyncio.create_task(self._tell_systemd(), name="watchdog of systemd")
        for what, remedy in settings.STIGMER_UNREAD:
            self.output.say(SUPERVISOR, f"{what} {remedy}")
        if not settings.STIGMER_QUEUE:
            from executions.dispatch import QUEUE_OFF, SWITCH_ON

            self.output.say(SUPERVISOR, f"{QUEUE_OFF}: new runs are refused. {SWITCH_ON}")
        try:
            await self._start()
            # Loaded while the children load what they need.
            from executions.supervisor.welcome import welcome

            if await self._until_ready(started_at):
                welcome(_demo_people(), seconds=time.monotonic() - started_at)
            await self.stopping.wait()
        finally:
            await self._stop()
            alive.cancel()
        if self.refusal:
            raise preflight.CannotStart(self.refusal)
        return 0

    async def _tell_systemd(self) -> None:
        """From the loop itself: where it stands still, nobody watches the children."""
        seconds = systemd.watchdog_seconds()
        while seconds is not None:
            systemd.notify("WATCHDOG=1")
            await asyncio.sleep(min(1.0, seconds / 3))

    async def _start(self) -> None:
        """Start what being ready takes, at once; the other workers would only slow it down and
        follow afterwards.

        A worker loads its code meanwhile and begins when the database is prepared.
        """
        self._keep(
            self._child(
                "web",
                "web",
                "--prepare",
                tidy=self._heard_from_web,
                answers=True,
                stop_seconds=WEB_STOP_SECONDS,
                ended=partial(note_exit, settings.STIGMER_HOME),
            )
        )
        if settings.STIGMER_EMBEDDED_REDIS:
            await self._start_redis()
        if settings.STIGMER_WORKERS:
            self._keep_worker(1)
        if settings.STIGMER_DEMO:
            self._keep(self._child("demo", "demo"))

    def _keep_worker(self, number: int) -> None:
        stop_seconds = settings.STIGMER_DRAIN_SECONDS + 5
        ended = partial(note_exit, settings.STIGMER_HOME)
        self._keep(
            self._child(
                f"worker-{number}",
                "worker",
                gate=self.prepared,
                answers=True,
                stop_seconds=stop_seconds,
                ended=ended,
            )
        )

    def _heard_from_web(self, line: str) -> str:
        """The one line with which the web server refuses to start ends everything, and is told at
        the end.
        """
        if self.prepared.is_set() or not line.startswith(REFUSAL):
            return line
        self.refusal = line.removeprefix(REFUSAL)
        self.stopping.set()
        return ""

    async def _start_redis(self) -> None:
        socket = redis_socket(settings.STIGMER_HOME)
        await asyncio.to_thread(redis_server.end_left_behind, socket)
        command = redis_server.command(settings.STIGMER_HOME / "redis", socket)
        self._keep(Child("redis", command, self.output.say, tidy=redis_server.tidy))
        give_up_at = time.monotonic() + REDIS_START_SECONDS
        while not redis_server.is_listening(socket):
            if time.monotonic() > give_up_at:
                raise preflight.CannotStart(
                    f"The embedded Redis did not start within {REDIS_START_SECONDS:g} s."
                )
            await asyncio.sleep(0.02)

    async def _until_ready(self, started_at: float) -> bool:
        warned = False
        while (problem := await asyncio.to_thread(ready_problem)) is not None:
            if self.stopping.is_set():
                return False
            if problem.web_answers:
                self._open_gate()
            if not warned and time.monotonic() - started_at > READY_WARNING_SECONDS:
                warned = True
                self.output.say(SUPERVISOR, f"still not ready: {problem.detail}")
            await asyncio.sleep(READY_POLL_SECONDS)
        self._open_gate()
        return True

    def _open_gate(self) -> None:
        if not self.prepared.is_set():
            self.prepared.set()
            systemd.ready()
            for number in range(2, settings.STIGMER_WORKERS + 1):
                self._keep_worker(number)

    async def _stop(self) -> None:
        """Web first, so that nobody new comes in; then the workers; Redis last."""
        if self.running:
            self.output.say(SUPERVISOR, "stopping")
        for kind in ("web", "demo", "worker", "redis"):
            await asyncio.gather(
                *(child.stop() for child in self.running if child.name.split("-")[0] == kind)
            )
        await asyncio.to_thread(checkpoint_at_the_end)
        if self.running:
            self.output.say(SUPERVISOR, "stopped")

    def _keep(self, child: Child) -> None:
        self.running.append(child)
        child.start()

    def _child(self, name: str, *arguments: str, **options: Any) -> Child:
        command = run_python("-m", "executions.cli", *arguments)
        return Child(name, command, self.output.say, environment=_child_environment(), **options)


def _output() -> Output:
    return Output(kept=Kept(settings.STIGMER_HOME))


def _demo_people() -> list[logins.Login]:
    return logins.stored(settings.STIGMER_HOME) if settings.STIGMER_DEMO else []


def _child_environment() -> dict[str, str]:
    """The variables of the children beside our own environment; the demo is the one local service
    that steps may call.
    """
    port = str(settings.STIGMER_DEMO_PORT) if settings.STIGMER_DEMO else ""
    demo = [f"127.0.0.1:{port}"] if port else []
    return {
        "PYTHONUNBUFFERED": "1",
        "STIGMER_HOME": str(settings.STIGMER_HOME),
        "STIGMER_DEMO": port or "off",
        "STIGMER_HTTP_ALLOWED_HOSTS": ",".join([*settings.STIGMER_HTTP_ALLOWED_HOSTS, *demo]),
    }
