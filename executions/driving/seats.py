"""A few lasting connections that threads use one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper


class Seats:
    """``count`` connections; each is opened where it is first used."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._free: SimpleQueue[BaseDatabaseWrapper] = SimpleQueue()
        for _ in range(count):
            seat = connections.create_connection(DEFAULT_DB_ALIAS)
            seat.inc_thread_sharing()
            self._free.put(seat)

    def free(self) -> BaseDatabaseWrapper | None:
        """A connection that nobody uses at this moment, for ``taken``."""
        with suppress(Empty):
            return self._free.get_nowait()
        return None

    def wait(self) -> BaseDatabaseWrapper:
        """The next that is free, for ``taken``."""
        return self._free.get()

    @contextmanager
    def taken(self, seat: BaseDatabaseWrapper) -> Iterator[None]:
        """Inside, this connection is the calling thread's; afterwards it is free."""
        of_thread = vars(connections)["_connections"]
        own = getattr(of_thread, DEFAULT_DB_ALIAS, None)
        connections[DEFAULT_DB_ALIAS] = seat
        try:
            yield
        finally:
            if own is None:
                del connections[DEFAULT_DB_ALIAS]
            else:
                connections[DEFAULT_DB_ALIAS] = own
            self._free.put(seat)

    def close(self) -> None:
        """Wait until nobody uses any of them, and close them."""
        for _ in range(self._count):
            self._free.get().close()
