"""Secrets of the sources of webhooks, and what they sign.

No secret is kept: it is derived from the key of the site, the source and its generation. A person
who knows the database alone can sign nothing; a rotation raises the generation. With a new key of
the site (the old one among the fallbacks) secrets go on being accepted.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator

from django.conf import settings
from django.utils.crypto import constant_time_compare

from executions.models import EventSource

PREFIX = "whs_"
SIGNED = "sha256="
# So old, or so far ahead, what is signed may be.
WINDOW_SECONDS = 300
LONGEST_TIMESTAMP = 12


def secret_of(source: EventSource) -> str:
    """The secret with which the source signs."""
    return next(_secrets(source))


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """The value of the header ``X-Stigmer-Signature``."""
    signed = timestamp.encode() + b"." + body
    return SIGNED + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def why_not(
    source: EventSource, timestamp: str, sent_signature: str, body: bytes, now: float
) -> str | None:
    """Why a webhook is not taken; None where the source signed it a moment ago."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= LONGEST_TIMESTAMP):
        return "X-Stigmer-Timestamp has to be the seconds since 1970."
    if abs(now - int(timestamp)) > WINDOW_SECONDS:
        return f"X-Stigmer-Timestamp is more than {WINDOW_SECONDS} seconds away from now."
    wanted = [signature(secret, timestamp, body) for secret in _secrets(source)]
    # All are compared, so that the time tells nothing.
    fitting = [each for each in wanted if constant_time_compare(sent_signature, each)]
    if not fitting:
        return "X-Stigmer-Signature is not that of this body and timestamp."
    return None


def _secrets(source: EventSource) -> Iterator[str]:
    about = f"stigmer.webhook:{source.pk}:{source.generation}".encode()
    for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        made = hmac.new(hashlib.sha256(key.encode()).digest(), about, hashlib.sha256).digest()
        yield PREFIX + base64.urlsafe_b64encode(made).decode().rstrip("=")
