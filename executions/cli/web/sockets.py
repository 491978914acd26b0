"""WebSockets of Daphne, bounded before anything waits for the application.

Messages of a client are queued until the application takes them, so their size, their rate and the
length of that queue are held against limits here. Our own messages may be larger than a page's.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol

from executions.live.closing import Close
from executions.live.texts import TOGETHER, Text

MESSAGE_BYTES = 64 * 1024
# A page acknowledges every tenth frame and subscribes as it changes: a few messages a second.
MESSAGES_A_SECOND = 20.0
MESSAGES_AT_ONCE = 100
QUEUE_LENGTH = 100


class Allowance:
    """How many messages may come now: so many at once, then so many a second."""

    def __init__(self) -> None:
        self._left = float(MESSAGES_AT_ONCE)
        self._at = time.monotonic()

    def take(self) -> bool:
        now = time.monotonic()
        self._left = min(MESSAGES_AT_ONCE, self._left + (now - self._at) * MESSAGES_A_SECOND)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class BoundedSocket(WebSocketProtocol):  # type: ignore[misc]  # daphne has no types
    """Closed with 1009 for a large message, with 1013 for too many."""

    def __init__(self) -> None:
        super().__init__()
        self._allowance = Allowance()

    def dataReceived(self, data: bytes) -> None:
        """Until the application has accepted it, whatever comes after the handshake waits here."""
        if self.state == self.STATE_CONNECTING and len(self.data) + len(data) > 2 * MESSAGE_BYTES:
            self.transport.abortConnection()
        else:
            super().dataReceived(data)

    def onMessageFrameBegin(self, length: int) -> None:
        super().onMessageFrameBegin(length)
        if not self.failedByMe and self.message_data_total_length > MESSAGE_BYTES:
            self.wasMaxMessagePayloadSizeExceeded = True
            words = f"a message may have {MESSAGE_BYTES:,} bytes"
            self._max_message_size_exceeded(self.message_data_total_length, MESSAGE_BYTES, words)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        if self._may_speak():
            super().onMessage(payload, isBinary)

    def onPing(self, payload: bytes) -> None:
        if self._may_speak():
            super().onPing(payload)

    def handle_reply(self, message: dict[str, Any]) -> None:
        """A message of the application."""
        if message["type"] == TOGETHER:
            self._send_together(message["texts"])
        else:
            super().handle_reply(message)

    def serverClose(self, code: int | None = None) -> None:
        """Autobahn's own ``sendClose`` refuses codes that the specification gives to servers."""
        self.sendCloseFrame(code=int(code or Close.ENDED), isReply=False)

    def _send_together(self, texts: Sequence[Text]) -> None:
        """A text becomes the bytes of a frame once, for all sockets that are sent it, and the
        frames of one socket are one write.
        """
        framed = [self._framed(each) for each in texts]
        if self.state == self.STATE_OPEN and max(map(len, framed)) <= self.maxMessagePayloadSize:
            self.sendData(b"".join(framed))
            return
        for each in texts:  # Autobahn says why not.
            super().handle_reply({"type": "websocket.send", "text": each.text})

    def _framed(self, text: Text) -> bytes:
        if text.framed is None:
            payload = text.text.encode()
            made = self.factory.prepareMessage(payload, doNotCompress=True)
            text.framed = bytes(made.payloadHybi)
        return text.framed

    def _may_speak(self) -> bool:
        if self.state != self.STATE_OPEN:
            return False
        if self._allowance.take() and self.application_queue.qsize() < QUEUE_LENGTH:
            return True
        self.serverClose(Close.TOO_MANY)
        return False


class BoundedSocketFactory(WebSocketFactory):  # type: ignore[misc]  # daphne has no types
    """Makes such sockets; a client that breaks the protocol is told the code before it goes."""

    protocol = BoundedSocket

    def setProtocolOptions(self, *arguments: Any, **options: Any) -> None:
        super().setProtocolOptions(*arguments, failByDrop=False, **options)
