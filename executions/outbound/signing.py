"""The signature of what is sent to an address.

Source: Standard Webhooks 1.0.0, section Signature scheme.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time

from executions.driving.keys import key_of
from executions.errors import Refused
from executions.models import Channel
from executions.secret_files import SecretsUnreadable

PREFIX = "whsec_"


def headers(channel: Channel, named: str, body: bytes) -> dict[str, str]:
    """The id is the same at each try; the timestamp is of this one.

    Raises Refused where the channel's secret cannot be had.
    """
    stamp = str(int(time.time()))
    fields = {"webhook-id": named, "webhook-timestamp": stamp}
    if channel.secret:
        try:
            secret = key_of(f"sink {channel.name}", channel.secret)
        except SecretsUnreadable as problem:
            raise Refused("unavailable", f"The secret cannot be read: {problem}") from problem
        fields["webhook-signature"] = signature(secret, named, stamp, body)
    return fields


def signature(secret: str, named: str, stamp: str, body: bytes) -> str:
    """The value of ``webhook-signature``: HMAC-SHA-256 over id, timestamp and body."""
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
