"""HTTP requests of Daphne, bounded while they arrive.

Daphne takes a whole body, on the disk where it is large, before it asks the application anything.
Here nothing is kept beyond the limit: the request goes to the application at once and without its
body, marked with why; the application answers in its own words, and the connection is closed.
"""

from __future__ import annotations

import time
from io import BytesIO
from typing import Any

from daphne.http_protocol import HTTPFactory, WebRequest
from twisted.internet.protocol import connectionDone
from twisted.web import http

from executions.cli.web.bodies import Held
from executions.clients import addresses
from executions.clients.bodies import BUSY, TOO_LARGE

# The rest that comes after a refusal is read and thrown away, for so long in all and until nothing
# came for a while: were it left unread, the system would reset the connection and the client would
# not see the answer.
LINGER_SECONDS = 30.0
SILENCE_SECONDS = 5.0


class _Cut(Exception):
    """This request is not read any further; the argument says why."""


class BoundedRequest(WebRequest):  # type: ignore[misc]  # daphne has no types
    """``refusal`` is empty, TOO_LARGE or BUSY. Its body is kept in memory, which the limits
    allow.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        # Twisted would read forms on the event loop, for nobody.
        super().__init__(*arguments, parsePOSTFormSubmission=False, **options)
        self.refusal = ""
        self._held_bytes = 0

    @property
    def _held(self) -> Held:
        held: Held = self.server.held
        return held

    def gotLength(self, length: int | None) -> None:
        """The headers are complete; ``length`` is None where the body comes in chunks."""
        self.content = BytesIO()
        self._caller = self._address()

    def handleContentChunk(self, data: bytes) -> None:
        """Keep a part of the body. Raises _Cut where it is one too many."""
        if self._held_bytes + len(data) > self._held.limits.body_bytes:
            raise _Cut(TOO_LARGE)
        if not self._held.take(self._caller, len(data)):
            raise _Cut(BUSY)
        self._held_bytes += len(data)
        self.content.write(data)

    def cut(self, why: str) -> None:
        """Go on without a body, as a request that is refused and the last of its connection."""
        self.refusal = why
        self._let_go()
        self.content = BytesIO()
        self.requestHeaders.removeHeader(b"Expect")
        self.requestHeaders.removeHeader(b"Upgrade")
        self.responseHeaders.setRawHeaders(b"Connection", [b"close"])

    def finish(self) -> None:
        self._let_go()
        super().finish()

    def connectionLost(self, reason: Any) -> None:
        self._let_go()
        super().connectionLost(reason)

    def _let_go(self) -> None:
        if self._held_bytes:
            self._held.give_back(self._caller, self._held_bytes)
            self._held_bytes = 0

    def _address(self) -> str:
        peer = str(getattr(self.client, "host", ""))
        lines = self.requestHeaders.getRawHeaders(b"X-Forwarded-For") or []
        forwarded = [line.decode("latin-1") for line in lines]
        return addresses.network_of(addresses.client_address(peer, forwarded, self.server.hops))


class BoundedChannel(http.HTTPChannel):
    """A connection that stops taking a body where it grows too large, and that is not slow for
    ever.
    """

    transport: Any
    _is_cut = False
    _deadline: Any = None
    _lingers_until = 0.0

    def dataReceived(self, data: bytes) -> None:
        if self._is_cut:
            self._linger_on()
            return
        if self._deadline is None and not self._handlingRequest:
            seconds = self.factory.server.held.limits.seconds
            self._deadline = self.callLater(seconds, self._is_too_slow)
        super().dataReceived(data)

    def headerReceived(self, line: bytes) -> bool:
        try:
            return bool(super().headerReceived(line))
        except ValueError:  # a Content-Length of thousands of digits
            self._respondToBadRequestAndDisconnect()
            return False

    def allHeadersReceived(self) -> None:
        request = self.requests[-1]
        if self.length is not None and self.length > self.factory.server.held.limits.body_bytes:
            self._cut(request, TOO_LARGE)
            self.length = 0  # Twisted goes on as with a request that has no body
        elif self.length != 0:
            # The body would be given to the socket's protocol as its first messages.
            request.requestHeaders.removeHeader(b"Upgrade")
        super().allHeadersReceived()
        if self._is_cut:
            self.persistent = False

    def rawDataReceived(self, data: bytes) -> None:
        if self._is_cut:
            return
        try:
            super().rawDataReceived(data)
        except _Cut as cut:
            self._cut(self.requests[-1], str(cut))
            self.persistent = False
            self.allContentReceived()

    def allContentReceived(self) -> None:
        self._forget_deadline()
        super().allContentReceived()

    def loseConnection(self) -> None:
        if not self._is_cut:
            super().loseConnection()
            return
        self._networkProducer.unregisterProducer()
        self.transport.loseWriteConnection()
        self._lingers_until = time.monotonic() + LINGER_SECONDS
        self._deadline = self.callLater(SILENCE_SECONDS, self._has_lingered)

    def connectionLost(self, reason: Any = connectionDone) -> None:
        self._forget_deadline()
        super().connectionLost(reason)

    def _cut(self, request: BoundedRequest, why: str) -> None:
        self._is_cut = True
        request.cut(why)

    def _is_too_slow(self) -> None:
        self._deadline = None
        self.transport.write(b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n")
        super().loseConnection()

    def _linger_on(self) -> None:
        """Something still came. Before the answer is written nothing is measured."""
        if self._deadline is not None:
            left = self._lingers_until - time.monotonic()
            self._deadline.reset(max(0.0, min(SILENCE_SECONDS, left)))

    def _has_lingered(self) -> None:
        """A client that was silent keeps what it has not read yet: nothing of its own is left
        unread.
        """
        self._deadline = self.callLater(SILENCE_SECONDS, self._break_off)
        self.transport.loseConnection()

    def _break_off(self) -> None:
        """The client does not take the answer."""
        self._deadline = None
        self.transport.abortConnection()

    def _forget_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class BoundedFactory(HTTPFactory):  # type: ignore[misc]  # daphne has no types
    """Makes such connections."""

    def protocol(self) -> http._GenericHTTPChannelProtocol:
        """The protocol that Twisted makes for each connection."""
        return http._GenericHTTPChannelProtocol(BoundedChannel())

    def buildProtocol(self, addr: Any) -> Any:
        protocol = super().buildProtocol(addr)
        protocol.requestFactory = BoundedRequest
        return protocol
