"""The program of the mind: one event loop, every request of its worker a task in it.

Started as ``python -m executions.mind.child OPTIONS``. It reads frames (``executions.isolation``)
from its standard input: ``{"id", "ask"}``, ``{"id", "stop"}`` or ``{"ping"}``; and writes
``{"heard"}`` (what came of answers, each with its id; now and then),
``{"id", "message"}``, ``{"id", "failed"}`` and ``{"pong"}``. Keys travel in a request and are kept
in its memory alone.
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import resource
import signal
import sys
from typing import Any

from executions.isolation.frames import HEADER, decode, encode
from executions.mind.errors import Problem, RequestFailed, Why
from executions.mind.heard import Heard, together

FRAME_SECONDS = 0.03
# A step is driven before an answer is shown a word further, if processors are short.
_NICENESS = 5
_PR_SET_PDEATHSIG = 1


def main() -> None:
    options = json.loads(sys.argv[1])
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != options["parent_pid"]:
        os._exit(1)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    limit = options["memory_bytes"]
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    # Nothing but frames goes to the standard output.
    replies = os.dup(1)
    os.dup2(2, 1)
    mind = Mind(replies, options["most_bytes"])
    os.nice(_NICENESS)
    asyncio.run(mind.serve())
    os._exit(0)


class Mind:
    """Reads what is asked, and answers; ``most_bytes`` is how large an answer may be."""

    def __init__(self, replies: int, most_bytes: int) -> None:
        from executions.mind.library import Library

        self._replies = replies
        self._most_bytes = most_bytes
        self._library = Library()
        self._servers: Any = None
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._heard: dict[int, list[Heard]] = {}
        self._telling: asyncio.TimerHandle | None = None

    async def serve(self) -> None:
        """Until the worker is gone."""
        reader = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
        )
        self._send({"ready": True})
        while True:
            try:
                header = await reader.readexactly(HEADER.size)
                said = decode(await reader.readexactly(HEADER.unpack(header)[0]))
            except asyncio.IncompleteReadError:
                return
            if "ping" in said:
                self._send({"pong": said["ping"]})
            elif "stop" in said:
                if task := self._tasks.get(said["id"]):
                    task.cancel()
            else:
                self._tasks[said["id"]] = asyncio.create_task(self._answer(said["id"], said["ask"]))

    async def _answer(self, number: int, asked: dict[str, Any]) -> None:
        try:
            frame = encode({"id": number, "message": await self._answered(number, asked)})
            if len(frame) > self._most_bytes:
                most = f"{self._most_bytes:,}"
                detail = f"The answer has {len(frame):,} bytes; at most {most} are allowed."
                raise RequestFailed(Problem(Why.TOO_LARGE, detail))
            self._tell()
            self._write(frame)
        except RequestFailed as failed:
            self._fail(number, failed.problem)
        except asyncio.CancelledError:
            self._fail(number, Problem(Why.CANCELLED, "The request was broken off."))
        except Exception as error:
            detail = f"The request could not be made: {type(error).__name__}: {error}"
            self._fail(number, Problem(Why.INTERNAL, detail))
        finally:
            self._tasks.pop(number, None)

    async def _answered(self, number: int, asked: dict[str, Any]) -> Any:
        if asked["do"] == "answer":
            return await self._library.answer(asked, lambda heard: self._hear(number, heard))
        if self._servers is None:
            from executions.mind.servers import Servers

            self._servers = Servers()
        is_call = asked["do"] == "call"
        return await (self._servers.call(asked) if is_call else self._servers.tools(asked))

    def _fail(self, number: int, problem: Problem) -> None:
        self._tell()
        self._send({"id": number, "failed": problem.as_json()})

    def _hear(self, number: int, heard: Heard) -> None:
        self._heard.setdefault(number, []).append(heard)
        if self._telling is None:
            loop = asyncio.get_running_loop()
            self._telling = loop.call_later(FRAME_SECONDS, self._tell)

    def _tell(self) -> None:
        """Tell what came of all answers since the last time."""
        if self._telling is not None:
            self._telling.cancel()
            self._telling = None
            heard, self._heard = self._heard, {}
            reports = [[number, together(each).as_json()] for number, each in heard.items()]
            self._send({"heard": reports})

    def _send(self, said: dict[str, Any]) -> None:
        self._write(encode(said))

    def _write(self, frame: bytes) -> None:
        rest = memoryview(frame)
        while rest:
            rest = rest[os.write(self._replies, rest) :]


if __name__ == "__main__":
    main()
