"""Daphne, but nobody writes faster than the client reads: ``send`` waits while the connection takes
nothing.

Daphne keeps in memory whatever is written to a client that stopped reading. Here a streamed answer
rests in the meantime, so that what piles up is bounded by whoever writes it; who reads nothing for
too long is disconnected.
"""

from __future__ import annotations

import asyncio
from typing import Any

import structlog
from daphne.http_protocol import WebRequest
from daphne.server import Server

log = structlog.get_logger(__name__)


class Flow:
    """Whether the client takes what is written; Twisted tells it (``IPushProducer``)."""

    def __init__(self) -> None:
        self._takes = asyncio.Event()
        self._takes.set()

    def pauseProducing(self) -> None:
        self._takes.clear()

    def resumeProducing(self) -> None:
        self._takes.set()

    def stopProducing(self) -> None:
        """The connection is gone: nobody has to wait any longer."""
        self._takes.set()

    async def wait(self, seconds: float) -> bool:
        """Until more may be written; False where it took nothing for so long."""
        try:
            await asyncio.wait_for(self._takes.wait(), seconds)
        except TimeoutError:
            return False
        return True


class PatientServer(Server):  # type: ignore[misc]  # daphne has no types
    """``stalled_seconds``: how long a client may take nothing of a streamed answer before it is
    disconnected.
    """

    def __init__(self, *arguments: Any, stalled_seconds: float, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._stalled_seconds = stalled_seconds

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        """The function that an application's ``send`` comes down to."""
        is_part = isinstance(protocol, WebRequest) and message["type"] == "http.response.body"
        if not is_part or protocol.finished or protocol.channel is None:
            await super().handle_reply(protocol, message)
        elif message.get("more_body", False):
            if protocol.producer is None:
                protocol.registerProducer(Flow(), True)
            flow: Flow = protocol.producer
            await super().handle_reply(protocol, message)
            if not await flow.wait(self._stalled_seconds) and protocol.channel is not None:
                log.warning(
                    "client reads nothing, disconnected",
                    path=protocol.path.decode("ascii", "replace"),
                )
                protocol.transport.abortConnection()
        else:
            if protocol.producer is not None:
                protocol.unregisterProducer()
            await super().handle_reply(protocol, message)
