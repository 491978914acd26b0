"""Public ids: a prefix that names the kind, a hyphen and the row's UUIDv7 as a lower-case ULID.

UUIDv7: RFC 9562 section 5.7. ULID text: Crockford base 32, 26 characters, case-insensitive.
"""

from __future__ import annotations

import base64
import os
import threading
import time
import uuid
from datetime import datetime

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
# The digits of RFC 4648, which Python writes, as those of Crockford.
_DIGITS = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", ALPHABET.encode())
_VALUES = {character: value for value, character in enumerate(ALPHABET)}
_lock = threading.Lock()
_last = 0


def uuid7() -> uuid.UUID:
    """A time-ordered UUID; ids made by one process never go backwards."""
    global _last
    with _lock:
        stamp = max(time.time_ns() // 1_000, _last + 1)
        _last = stamp
    milliseconds, microseconds = divmod(stamp, 1_000)
    # 12 bits below the millisecond keep the order inside it (RFC 9562, method 3).
    fraction = microseconds * 4096 // 1000
    value = (
        milliseconds << 80
        | 0x7 << 76
        | fraction << 64
        | 0b10 << 62
        | int.from_bytes(os.urandom(8), "big") >> 2
    )
    return uuid.UUID(int=value)


def least_uuid7(moment: datetime) -> uuid.UUID:
    """No id that was made at this moment or later is less."""
    milliseconds = int(moment.timestamp() * 1000)
    return uuid.UUID(int=milliseconds << 80 | 0x7 << 76 | 0b10 << 62)


def public_id(prefix: str, value: uuid.UUID) -> str:
    """``wex`` and a UUID give ``wex-01h…``."""
    # 20 bytes are 32 digits of five bits each: the last 26 hold the value.
    digits = base64.b32encode(value.int.to_bytes(20, "big"))[6:]
    return f"{prefix}-{digits.translate(_DIGITS).decode()}"


def parse_public_id(text: str, *prefixes: str) -> uuid.UUID | None:
    """The UUID behind a public id, or None where the text is no id of these prefixes."""
    prefix, _, body = text.partition("-")
    if prefix not in prefixes or len(body) != 26:
        return None
    number = _number(body)
    return uuid.UUID(int=number) if number is not None and number < 1 << 128 else None


def ids_that_begin(text: str, *prefixes: str) -> tuple[uuid.UUID, uuid.UUID] | None:
    """The least and the greatest UUID whose public ids begin with this text; None where it is no
    beginning of an id.
    """
    prefix, hyphen, body = text.partition("-")
    if not hyphen or prefix not in prefixes or not 1 <= len(body) <= 26:
        return None
    number = _number(body)
    if number is None:
        return None
    open_bits = 5 * (26 - len(body))
    least, most = number << open_bits, (number + 1 << open_bits) - 1
    if least >= 1 << 128:
        return None
    return uuid.UUID(int=least), uuid.UUID(int=min(most, (1 << 128) - 1))


def hex_of_end(text: str) -> str:
    """The last hexadecimal digits of every UUID whose public id ends with this text; empty where it
    is no end of an id that tells much.
    """
    if not 5 <= len(text) <= 9:
        return ""
    number = _number(text)
    if number is None:
        return ""
    digits = 5 * len(text) // 4
    return format(number & ((1 << 4 * digits) - 1), f"0{digits}x")


def _number(body: str) -> int | None:
    number = 0
    for character in body.lower():
        digit = _VALUES.get(character)
        if digit is None:
            return None
        number = number * 32 + digit
    return number
