"""One event loop thread per process, shared by every HTTP call, so that a waiting call costs a few
kilobytes.

The thread starts with the first call and ends with :func:`close`; a forked child starts its own.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import httpcore
import httpx

from executions.calls.http.egress import Egress
from executions.calls.http.network import VettedBackend

MAX_CONNECTIONS = 2_000
MAX_IDLE_CONNECTIONS = 64
# shorter than what servers keep, so that a call seldom meets a connection that is just closing
IDLE_SECONDS = 2.0
RESOLVER_THREADS = 16

T = TypeVar("T")


class CallLoop:
    """The thread, its loop and a connection pool per egress policy."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._loop.set_default_executor(
            ThreadPoolExecutor(RESOLVER_THREADS, thread_name_prefix="http-resolve")
        )
        self._pools: dict[Egress, httpcore.AsyncConnectionPool] = {}
        self._tls = httpx.create_ssl_context()
        self._thread = threading.Thread(target=self._run, name="http-calls", daemon=True)
        self._thread.start()

    def submit(self, call: Coroutine[Any, Any, T]) -> Future[T]:
        """Start the call; its future may be cancelled from any thread."""
        return asyncio.run_coroutine_threadsafe(call, self._loop)

    def pool(self, egress: Egress) -> httpcore.AsyncConnectionPool:
        """The connections that this policy vetted; calls under another policy never share them.

        Loop thread only.
        """
        if egress not in self._pools:
            self._pools[egress] = httpcore.AsyncConnectionPool(
                ssl_context=self._tls,
                max_connections=MAX_CONNECTIONS,
                max_keepalive_connections=MAX_IDLE_CONNECTIONS,
                keepalive_expiry=IDLE_SECONDS,
                network_backend=VettedBackend(egress),
            )
        return self._pools[egress]

    def close(self) -> None:
        """End running calls, close the connections and stop the thread."""
        asyncio.run_coroutine_threadsafe(self._shut_down(), self._loop).result(timeout=10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    async def _shut_down(self) -> None:
        calls = asyncio.all_tasks() - {asyncio.current_task()}
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        for pool in self._pools.values():
            await pool.aclose()
        self._pools.clear()


_lock = threading.Lock()
_shared: CallLoop | None = None


def shared() -> CallLoop:
    """The loop of this process."""
    global _shared
    with _lock:
        if _shared is None:
            _shared = CallLoop()
        return _shared


def close() -> None:
    """Stop the loop of this process, if it runs; a later call starts a new one."""
    global _shared
    with _lock:
        loop, _shared = _shared, None
    if loop is not None:
        loop.close()


def _forget() -> None:
    global _shared, _lock
    _shared, _lock = None, threading.Lock()


os.register_at_fork(after_in_child=_forget)
