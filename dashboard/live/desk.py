"""The hub's own thread for queries, so that a page never waits behind a request, nor a request behind a page."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from asgiref.sync import sync_to_async
from django.db import close_old_connections, connections

T = TypeVar("T")


class Desk:
    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="live")

    async def ask(self, work: Callable[[], T]) -> T:
        """Do this in the thread, with a database connection that is alive."""

        def ask() -> T:
            close_old_connections()
            return work()

        return await sync_to_async(ask, thread_sensitive=False, executor=self._thread)()

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, connections.close_all)
        self._thread.shutdown()
