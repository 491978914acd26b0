"""A service that answers nobody until it is told to: it holds every call, and counts them."""

from __future__ import annotations

import asyncio
import threading
from types import TracebackType

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
BACKLOG = 4096


class Slow:
    """Use it as a context manager; ``held`` is how many wait for an answer now."""

    def __init__(self) -> None:
        self.held = 0
        self._loop = asyncio.new_event_loop()
        self._released = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_forever, name="slow", daemon=True)
        self._thread.start()
        listening = asyncio.start_server(self._answer, "127.0.0.1", 0, backlog=BACKLOG)
        self._server = asyncio.run_coroutine_threadsafe(listening, self._loop).result()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/"

    def release(self) -> None:
        """Answer all, and whoever comes later at once."""
        self._loop.call_soon_threadsafe(self._released.set)

    def __enter__(self) -> Slow:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.release()
        self._loop.call_soon_threadsafe(self._server.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                self.held += 1
                await self._released.wait()
                self.held -= 1
                writer.write(ANSWER)
        except (asyncio.IncompleteReadError, OSError):
            writer.close()  # nobody asks any more
