"""A model that costs its machine next to nothing: it answers each chat completion with the same
word at a fixed rate. ``python -m benchmarks.talker FOLDER RATE SECONDS`` writes its address to
FOLDER/address.

A real model computes elsewhere. The demonstration model keeps a thread for each answer, and its
processor time would count as the product's where both share two cores.
"""

from __future__ import annotations

import asyncio
import json
import sys
from itertools import count
from pathlib import Path
from typing import Any

# Tokens of different answers are sent at so many different moments of one period.
MOMENTS = 10
HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
    b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
)


def event(delta: dict[str, Any] | None, finish: str | None = None, usage: Any = None) -> bytes:
    """One chunk of a chat completion, as a server-sent event in a chunk of HTTP."""
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "talker",
        "choices": choices,
        "usage": usage,
    }
    return chunk(b"data: " + json.dumps(body).encode() + b"\n\n")


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


WORD = event({"content": "word "})


class Talker:
    """Sends to everybody who asked, at ``rate`` tokens a second, ``most`` tokens each."""

    def __init__(self, rate: float, most: int) -> None:
        self._pause, self._most = 1 / rate / MOMENTS, most
        self._left: list[dict[asyncio.StreamWriter, int]] = [{} for _ in range(MOMENTS)]
        self._places = count()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read one request, and have it answered from now on."""
        head = await reader.readuntil(b"\r\n\r\n")
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                await reader.readexactly(int(line.partition(b":")[2]))
        writer.write(HEAD + event({"role": "assistant", "content": ""}))
        self._left[next(self._places) % MOMENTS][writer] = self._most

    async def talk(self) -> None:
        """For ever; a late round does not put off those after it."""
        loop = asyncio.get_running_loop()
        at = loop.time()
        for number in count():
            at += self._pause
            await asyncio.sleep(at - loop.time())
            self._say(self._left[number % MOMENTS])

    def _say(self, left: dict[asyncio.StreamWriter, int]) -> None:
        for writer in list(left):
            left[writer] -= 1
            if writer.is_closing():
                del left[writer]
            elif left[writer] >= 0:
                writer.write(WORD)
            else:
                del left[writer]
                self._end(writer)

    def _end(self, writer: asyncio.StreamWriter) -> None:
        usage = {"prompt_tokens": 1, "completion_tokens": self._most, "total_tokens": self._most}
        writer.write(event({}, "stop") + event(None, usage=usage))
        writer.write(chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n")
        writer.close()


async def main(folder: Path, rate: float, seconds: float) -> None:
    talker = Talker(rate, round(rate * seconds))
    server = await asyncio.start_server(talker.answer, "127.0.0.1", 0)
    (folder / "new").write_text(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    (folder / "new").rename(folder / "address")
    await talker.talk()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])))
