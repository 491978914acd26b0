"""The mind seen from its worker: started with the first request, watched, replaced."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Protocol

import structlog

import executions
from executions.isolation import starter
from executions.isolation.frames import HEADER, decode, encode
from executions.mind.errors import Problem, RequestFailed, Why
from executions.mind.heard import Heard

MEMORY_BYTES = 3 * 1024**3
MOST_BYTES = 8 * 1024 * 1024
START_SECONDS = 60.0
CLOSE_SECONDS = 5.0
PING_SECONDS = 2.0
# It is replaced where it answers nothing for so long.
HUNG_SECONDS = 10.0
# All that it sees of the environment: no proxy, no key.
_SEEN = ("PATH", "LANG", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR")
_LOG_CHARACTERS = 2_000
log = structlog.get_logger(__name__)


class Clock(Protocol):
    """A deadline: how many seconds are left."""

    def remaining(self) -> float: ...


class Stopping(Protocol):
    """Tells when a request is not wanted any more."""

    def on_request(self, stop: Callable[[], None]) -> None: ...


def request(
    asked: dict[str, Any],
    *,
    deadline: Clock,
    stopping: Stopping,
    heard: Callable[[Heard], None] = lambda heard: None,
) -> Any:
    """The answer: of ``{"do": "answer"}`` the model's message, of ``tools`` and ``call`` what an
    MCP server offers and what one of its tools gave. ``heard`` is told what came of a message, some
    times a second, by the thread that reads: it has to be quick.

    Raises RequestFailed.
    """
    mind = _mind()
    return mind.request(asked, deadline, stopping, heard)


def close() -> None:
    """End the mind of this process; the next request starts another."""
    global _shared
    with _lock:
        mind, _shared = _shared, None
    if mind is not None and mind.owner_pid == os.getpid():
        mind.close()


def pid() -> int | None:
    """The process id of the mind, where one runs."""
    return None if _shared is None else _shared.pid


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A thread that waits for an answer, and who is told what came of it before."""

    replies: SimpleQueue[dict[str, Any]]
    heard: Callable[[Heard], None]

    def hear(self, heard: Heard) -> None:
        """The thread that reads for all must not fall with one."""
        try:
            self.heard(heard)
        except Exception as problem:
            log.warning("what came of an answer could not be told", problem=str(problem))


class MindProcess:
    """One child. Any thread may ask it; one reads what it answers, one watches it."""

    def __init__(self) -> None:
        options = {
            "parent_pid": os.getpid(),
            "memory_bytes": MEMORY_BYTES,
            "most_bytes": MOST_BYTES,
        }
        own = str(Path(executions.__file__).resolve().parent.parent)
        path = os.pathsep.join(dict.fromkeys([own, *(entry for entry in sys.path if entry)]))
        environment = {name: os.environ[name] for name in _SEEN if name in os.environ}
        command = [sys.executable, "-P", "-m", "executions.mind.child", json.dumps(options)]
        self._process: subprocess.Popen[bytes] = starter.start(
            command, environment | {"PYTHONPATH": path}
        )
        self.pid, self.owner_pid = self._process.pid, os.getpid()
        self.is_over = threading.Event()
        self._ready = threading.Event()
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._waiting: dict[int, _Waiting] = {}
        self._count = 0
        self._why = "it ended"
        self._heard_at = time.monotonic()
        self._is_ordered = False
        self._threads = [
            threading.Thread(target=work, name=f"mind-{name}", daemon=True)
            for name, work in (
                ("reads", self._read),
                ("watches", self._watch),
                ("logs", self._read_log),
            )
        ]
        for thread in self._threads:
            thread.start()
        log.info("mind started", pid=self.pid)

    def request(
        self,
        asked: dict[str, Any],
        deadline: Clock,
        stopping: Stopping,
        heard: Callable[[Heard], None],
    ) -> Any:
        number, replies = self._begin(heard)
        try:
            self._send({"id": number, "ask": asked})
            stopping.on_request(lambda: self._stop(number))
            try:
                said = replies.get(timeout=max(0.001, deadline.remaining()))
            except Empty:
                self._stop(number)
                detail = "The answer did not come within the time of the attempt."
                raise RequestFailed(Problem(Why.TIMED_OUT, detail)) from None
            if "message" in said:
                return said["message"]
            raise RequestFailed(Problem.of(said["failed"]))
        finally:
            with self._lock:
                self._waiting.pop(number, None)

    def end(self, why: str) -> None:
        """Kill it; who waits for an answer is told."""
        self._why = why
        with suppress(ProcessLookupError):
            self._process.kill()

    def close(self) -> None:
        """End it in order."""
        self._is_ordered = True
        self.end("the worker stops")
        for thread in self._threads:
            thread.join(CLOSE_SECONDS)

    def _begin(self, heard: Callable[[Heard], None]) -> tuple[int, SimpleQueue[dict[str, Any]]]:
        waiting = _Waiting(SimpleQueue(), heard)
        with self._lock:
            self._count += 1
            self._waiting[self._count] = waiting
            if self.is_over.is_set():
                waiting.replies.put(self._death())
            return self._count, waiting.replies

    def _stop(self, number: int) -> None:
        self._send({"id": number, "stop": True})

    def _send(self, said: dict[str, Any]) -> None:
        """The thread that reads its answers notices when it is dead."""
        assert self._process.stdin is not None
        frame = memoryview(encode(said))
        with self._writing, suppress(BrokenPipeError, ValueError):
            while frame:
                frame = frame[self._process.stdin.write(frame) :]

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            while (body := _frame(stream)) is not None:
                self._heard_at = time.monotonic()
                self._hand_on(decode(body))
        code = self._process.wait()
        tell = log.info if self._is_ordered else log.warning
        tell("mind ended", pid=self.pid, why=self._why, code=code)
        with self._lock:
            self.is_over.set()
            for waiting in self._waiting.values():
                waiting.replies.put(self._death())
        with suppress(OSError, ValueError):
            assert self._process.stdin is not None
            self._process.stdin.close()

    def _hand_on(self, said: dict[str, Any]) -> None:
        if "ready" in said:
            self._ready.set()
        elif "heard" in said:
            for number, heard in said["heard"]:
                if (waiting := self._waiting_at(number)) is not None:
                    waiting.hear(Heard.of(heard))
        elif "id" in said and (waiting := self._waiting_at(said["id"])) is not None:
            waiting.replies.put(said)

    def _waiting_at(self, number: int) -> _Waiting | None:
        with self._lock:
            return self._waiting.get(number)

    def _death(self) -> dict[str, Any]:
        detail = f"The process that speaks to models ended before the answer came: {self._why}."
        return {"failed": Problem(Why.DIED, detail).as_json()}

    def _watch(self) -> None:
        """Ask it now and then whether it is there."""
        if not self._ready.wait(START_SECONDS):
            self.end(f"it did not start within {START_SECONDS:g} s")
            return
        asked_at = time.monotonic()
        while not self.is_over.wait(PING_SECONDS):
            if self._heard_at < asked_at - HUNG_SECONDS:
                self.end(f"it did not answer for {HUNG_SECONDS:g} s")
                return
            self._ping()
            asked_at = time.monotonic()

    def _ping(self) -> None:
        """The thread that watches must not wait behind a pipe that nobody reads."""
        assert self._process.stdin is not None
        if not self._writing.acquire(blocking=False):
            return
        try:
            poll = select.poll()
            poll.register(self._process.stdin, select.POLLOUT)
            if poll.poll(0):
                self._process.stdin.write(encode({"ping": True}))
        except (BrokenPipeError, ValueError):
            return
        finally:
            self._writing.release()

    def _read_log(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as stream:
            for line in stream:
                text = line.decode("utf-8", "replace").rstrip()[:_LOG_CHARACTERS]
                log.warning("mind said", pid=self.pid, text=text)


def _frame(stream: Any) -> bytes | None:
    header = _exactly(stream, HEADER.size)
    return None if header is None else _exactly(stream, HEADER.unpack(header)[0])


def _exactly(stream: Any, count: int) -> bytes | None:
    """So many bytes; None at the end of the stream."""
    received = bytearray()
    while len(received) < count:
        chunk = stream.read(count - len(received))
        if not chunk:
            return None
        received += chunk
    return bytes(received)


_lock = threading.Lock()
_shared: MindProcess | None = None


def _mind() -> MindProcess:
    global _shared
    with _lock:
        if _shared is None or _shared.is_over.is_set() or _shared.owner_pid != os.getpid():
            try:
                _shared = MindProcess()
            except OSError as error:
                detail = f"The process that speaks to models could not be started: {error}"
                raise RequestFailed(Problem(Why.DIED, detail)) from error
        return _shared
