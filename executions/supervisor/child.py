"""One child process: kept running, its lines handed on, stopped when asked."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from executions.isolation.facts import processor_seconds, state
from executions.supervisor.answers import ANSWERS_VARIABLE, DUMP_SIGNAL
from executions.supervisor.gate import GATED_VARIABLE
from executions.supervisor.restarts import Restarts
from executions.supervisor.silence import Silence
from executions.supervisor.watch import PARENT_VARIABLE

LINE_LIMIT = 1024 * 1024
LAST_LINES_SECONDS = 1.0
WATCH_SECONDS = 1.0
# For the names of its threads to arrive in the log.
DUMP_SECONDS = 1.0
TETHER = str(Path(__file__).with_name("tethered.py"))

Say = Callable[[str, str], None]
"""``say(child's name, line)``: what takes a child's output and the supervisor's own remarks."""


def run_python(*arguments: str) -> list[str]:
    """The command that runs this same interpreter with ``arguments``."""
    return [sys.executable, *arguments]


@dataclass(slots=True)
class Child:
    """``command`` is run until ``stop``; an end is answered by a restart, after a delay that grows
    with crashes.

    One that ``answers`` says once a second that it lives, and is replaced when it hangs.
    """

    name: str
    command: list[str]
    say: Say
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_seconds: float = 10.0
    tidy: Callable[[str], str] = str
    gate: asyncio.Event | None = None
    answers: bool = False
    ended: Callable[[int, str], None] = lambda pid, how: None
    restarts: Restarts = field(default_factory=Restarts)
    process: asyncio.subprocess.Process | None = None
    _task: asyncio.Task[None] | None = None
    _hung: str = ""

    def start(self) -> None:
        self._task = asyncio.create_task(self._keep_running(), name=f"keep {self.name} running")

    async def stop(self) -> None:
        """SIGTERM, then SIGKILL to its whole process group once ``stop_seconds`` are over."""
        if self._task is None:
            return
        task, self._task = self._task, None
        process = self.process
        if process is None or process.returncode is not None:
            task.cancel()
        else:
            self._signal(process, signal.SIGTERM)
            _, late = await asyncio.wait([task], timeout=self.stop_seconds)
            if late:
                self.say(self.name, f"did not stop within {self.stop_seconds:g} s and was killed")
                self._signal(process, signal.SIGKILL, group=True)
        await asyncio.gather(task, return_exceptions=True)

    async def _keep_running(self) -> None:
        while self._task is not None:
            started_at = time.monotonic()
            code = await self._run_once()
            if self._task is None:
                return
            now = time.monotonic()
            delay = self.restarts.ended(code, started_at=started_at, now=now)
            self.say(
                self.name,
                f"ended ({self._hung or describe(code)}); starting it again in {delay:.1f} s",
            )
            if self.restarts.are_alarming(now):
                self.say(
                    self.name,
                    "ALARM: it crashed more than 10 times in 10 minutes; something is wrong"
                    " with it",
                )
            await asyncio.sleep(delay)

    async def _run_once(self) -> int:
        # A pipe of our own: asyncio's would hold back the news of a death until the last heir of
        # the pipe is gone.
        reading, writing = os.pipe()
        helpers = [asyncio.create_task(self._hand_on_lines(reading), name=f"lines of {self.name}")]
        waiting, opening = os.pipe() if self.gate else (None, None)
        heard, answering = os.pipe() if self.answers else (None, None)
        self._hung = ""
        try:
            self.process = process = await asyncio.create_subprocess_exec(
                *run_python("-I", "-S", TETHER, str(os.getpid())),
                *self.command,
                stdin=asyncio.subprocess.DEVNULL if waiting is None else waiting,
                stdout=writing,
                stderr=writing,
                env={**os.environ, **self.environment, **self._ties(answering)},
                pass_fds=() if answering is None else (answering,),
                # Ctrl-C reaches the supervisor alone, which then stops the children in order
                process_group=0,
            )
        finally:
            os.close(writing)
            for descriptor in (waiting, answering):
                if descriptor is not None:
                    os.close(descriptor)
            if opening is not None:
                helpers.append(
                    asyncio.create_task(self._open_gate(opening), name=f"gate of {self.name}")
                )
        if heard is not None:
            helpers.append(
                asyncio.create_task(self._watch(process, heard), name=f"watch over {self.name}")
            )
        try:
            code = await process.wait()
            self.ended(process.pid, self._hung or describe(code))
        finally:
            # The processes that the child had started itself (the children of a worker) go with it.
            self._signal(process, signal.SIGKILL, group=True)
            await asyncio.wait(helpers[:1], timeout=LAST_LINES_SECONDS)
            for helper in helpers:
                helper.cancel()
        return code

    def _ties(self, answering: int | None) -> dict[str, str]:
        gated = {GATED_VARIABLE: "1"} if self.gate else {}
        answers = {} if answering is None else {ANSWERS_VARIABLE: str(answering)}
        return {PARENT_VARIABLE: str(os.getpid()), **gated, **answers}

    async def _watch(self, process: asyncio.subprocess.Process, heard: int) -> None:
        """Kill it once it hangs; what is known of its state is told before."""
        os.set_blocking(heard, False)
        silence, looked_at = Silence(), time.monotonic()
        try:
            while True:
                await asyncio.sleep(WATCH_SECONDS)
                now = time.monotonic()
                why = silence.look(
                    elapsed=now - looked_at,
                    spoke=_spoke(heard),
                    used=processor_seconds(process.pid),
                )
                looked_at = now
                if why and self._task is not None:
                    await self._replace(process, why)
                    return
        finally:
            os.close(heard)

    async def _replace(self, process: asyncio.subprocess.Process, why: str) -> None:
        self.say(
            self.name,
            f"HANGS: {why} (state: {state(process.pid) or 'unknown'}). Its threads, then its end:",
        )
        self._signal(process, DUMP_SIGNAL)
        await asyncio.sleep(DUMP_SECONDS)
        self._hung = f"hung: {why}"
        self._signal(process, signal.SIGKILL, group=True)

    async def _open_gate(self, descriptor: int) -> None:
        assert self.gate is not None
        try:
            await self.gate.wait()
            with suppress(BrokenPipeError):
                os.write(descriptor, b"\n")
        finally:
            os.close(descriptor)

    async def _hand_on_lines(self, descriptor: int) -> None:
        reader = asyncio.StreamReader(limit=LINE_LIMIT)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb", buffering=0)
        )
        try:
            while True:
                try:
                    line = await reader.readline()
                except ValueError:  # longer than the limit: the reader has dropped it
                    self.say(self.name, f"(a line longer than {LINE_LIMIT:,} bytes was left out)")
                    continue
                if not line:
                    return
                self.say(self.name, self.tidy(line.decode(errors="replace").rstrip()))
        finally:
            transport.close()

    @staticmethod
    def _signal(
        process: asyncio.subprocess.Process, number: signal.Signals, *, group: bool = False
    ) -> None:
        try:
            if group:
                os.killpg(process.pid, number)
            else:
                process.send_signal(number)
        except ProcessLookupError:
            pass


def _spoke(heard: int) -> bool:
    """Whether it has said anything since the last look."""
    try:
        return bool(os.read(heard, LINE_LIMIT))
    except BlockingIOError:
        return False


def describe(code: int) -> str:
    """An exit code in words."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
