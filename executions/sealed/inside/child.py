"""The loop of a sealed child: one request after another, until its parent is gone."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping

from executions.sealed.frames import (
    ANSWERED,
    BROKEN,
    NO_MEMORY,
    READY,
    REFUSED,
    REQUEST,
    TOO_LARGE,
    reply,
)
from executions.sealed.inside.operations import Operation, Refused

_CHUNK = 65_536
_REASON_CHARACTERS = 2_000


def serve(operations: Mapping[str, Operation], max_answer_bytes: int) -> None:
    """Answer requests on standard input until it ends."""
    _write(reply(READY, time.process_time_ns() // 1_000, str(os.getpid()).encode()))
    while True:
        received = os.read(0, _CHUNK)
        if not received:
            return
        while len(received) < REQUEST.size:
            received += _some()
        length, name_length = REQUEST.unpack_from(received)
        end = REQUEST.size + length
        if len(received) < end:
            parts = [received]
            missing = end - len(received)
            while missing > 0:
                parts.append(_some())
                missing -= len(parts[-1])
            received = b"".join(parts)
        start = REQUEST.size + name_length
        name = received[REQUEST.size : start].decode("ascii")
        outcome, body = _answer(operations, name, received[start:end])
        if len(body) > max_answer_bytes:
            outcome, body = TOO_LARGE, str(len(body)).encode()
        _write(reply(outcome, time.process_time_ns() // 1_000, body))


def _answer(operations: Mapping[str, Operation], name: str, payload: bytes) -> tuple[int, bytes]:
    try:
        return ANSWERED, operations[name](payload)
    except Refused as refusal:
        text = f"{refusal.kind}\n{str(refusal)[:_REASON_CHARACTERS]}"
        return REFUSED, text.encode("utf-8", "replace")
    except MemoryError:
        return NO_MEMORY, b""
    except BaseException as error:
        # A mistake of ours. The parent tells it by its type: the message may quote a payload.
        return BROKEN, type(error).__name__.encode("utf-8", "replace")


def _some() -> bytes:
    chunk = os.read(0, _CHUNK)
    if not chunk:
        os._exit(0)
    return chunk


def _write(frame: bytes) -> None:
    view = memoryview(frame)
    while view:
        view = view[os.write(1, view) :]
