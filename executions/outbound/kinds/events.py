"""CloudEvents over HTTP in structured mode, signed as Standard Webhooks says.

Source: CloudEvents 1.0.2, HTTP binding 3.2; Standard Webhooks 1.0.0, section Signature scheme.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from concurrent.futures import Future

from django.conf import settings

from executions.calls.http import posting
from executions.calls.http.egress import Egress
from executions.driving.keys import key_of
from executions.errors import Refused
from executions.models import Channel, ChannelKind, Sending
from executions.outbound.kinds.kind import Kind
from executions.secret_files import SecretsUnreadable
from executions.values import dumps

SECONDS = 10.0
CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
PREFIX = "whsec_"


def send(channel: Channel, sending: Sending) -> Future[posting.Posted]:
    """One message as one request. Raises Refused where its secret cannot be had."""
    body = dumps(sending.body).encode()
    headers = {"content-type": CONTENT_TYPE, **_signed(channel, sending, body)}
    egress = Egress.from_settings(
        settings.STIGMER_HTTP_ALLOWED_HOSTS,
        settings.STIGMER_HTTP_ALLOWED_PORTS,
        settings.STIGMER_HTTP_ONLY_HOSTS,
    )
    return posting.post(channel.address, headers, body, egress=egress, seconds=SECONDS)


def _signed(channel: Channel, sending: Sending, body: bytes) -> dict[str, str]:
    """The id is the same at each try; the timestamp is of this one."""
    named, stamp = str(sending.body["id"]), str(int(time.time()))
    headers = {"webhook-id": named, "webhook-timestamp": stamp}
    if channel.secret:
        try:
            secret = key_of(f"sink {channel.name}", channel.secret)
        except SecretsUnreadable as problem:
            raise Refused("unavailable", f"The secret cannot be read: {problem}") from problem
        headers["webhook-signature"] = signature(secret, named, stamp, body)
    return headers


def signature(secret: str, named: str, stamp: str, body: bytes) -> str:
    """What stands in ``webhook-signature``: HMAC-SHA-256 over id, timestamp and body."""
    signed = f"{named}.{stamp}.".encode() + body
    made = hmac.new(_key(secret), signed, hashlib.sha256).digest()
    return "v1," + base64.b64encode(made).decode()


def _key(secret: str) -> bytes:
    """After ``whsec_`` the key is base64, as the standard has it; else it is the text itself."""
    if secret.startswith(PREFIX):
        try:
            return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
        except (binascii.Error, ValueError):
            pass
    return secret.encode()


EVENTS = Kind(ChannelKind.EVENTS.value, send, posting.check_address)
