"""The frames on the pipes between a process and its sealed children.

A request is its length, the length of the operation's name (one byte), the name and the payload. A
reply is its length, what became of the call (one byte), the processor time that the child has used
in its life (eight bytes, microseconds), and the body. Lengths have four bytes, big endian, and
count what follows the head.
"""

from __future__ import annotations

import struct

MESSAGE_BYTES = 256  # of what the mother is told about one child
REQUEST = struct.Struct(">IB")
REPLY = struct.Struct(">IBQ")
ANSWERED, REFUSED, NO_MEMORY, TOO_LARGE, BROKEN, READY = range(6)


def request(operation: str, payload: bytes) -> bytes:
    """The frame that asks for an operation."""
    name = operation.encode("ascii")
    return REQUEST.pack(len(name) + len(payload), len(name)) + name + payload


def reply(outcome: int, microseconds: int, body: bytes) -> bytes:
    """The frame that answers."""
    return REPLY.pack(len(body), outcome, microseconds) + body
