"""The frames on the pipes: four bytes of length, big endian, then that many bytes of JSON."""

from __future__ import annotations

import json
import struct
from typing import Any

HEADER = struct.Struct(">I")


def encode(value: Any) -> bytes:
    """A frame; raises ValueError or TypeError for what JSON cannot hold, RecursionError if nested
    too deep.
    """
    body = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode()
    return HEADER.pack(len(body)) + body


def decode(body: bytes) -> Any:
    """The value in the body of a frame."""
    return json.loads(body)
