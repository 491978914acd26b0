"""A real SMTP server on loopback: it keeps what came, and misbehaves as a test wants it to."""

from __future__ import annotations

import asyncio
import email
import email.policy
import socket
import ssl
import threading
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

# Given for an answer: say nothing until the server closes; close the connection.
HANG = "hang"
CLOSE = "close"


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Postbox:
    """``at_data`` and ``at_recipient`` are what is answered; ``came`` holds the mails that were
    handed over, whatever was answered then.
    """

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.at_data = "250 OK"
        self.at_recipient = "250 OK"
        self.came: list[EmailMessage] = []
        self.recipients: list[str] = []
        self._closing = threading.Event()
        tls: dict[str, Any] = {"tls_context": context, "require_starttls": True} if context else {}
        self.port = _free_port()
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port, **tls)
        self._controller.start()

    def close(self) -> None:
        if not self._closing.is_set():
            self._closing.set()
            self._controller.stop()

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        if self.at_recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.at_recipient

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        self.came.append(mail)
        self.recipients += envelope.rcpt_tos
        if self.at_data == HANG:
            while not self._closing.is_set():
                await asyncio.sleep(0.05)
        if self.at_data in (HANG, CLOSE):
            assert server.transport is not None
            server.transport.close()
            return "421 Good-bye"
        return self.at_data
