"""Our own form of messages, as the journal keeps them. It has a number: a later one reads this one.

A library's own form of a message changes with its versions, so nothing of it is stored.

``{"role": "user", "text": …}``
``{"role": "assistant", "format": 1, "parts": [part, …], "finish": …, "usage": {…}, …}``
``{"role": "tool", "call": id, "name": …, "text": …, "failed": bool}``

A part of an answer is ``{"type": "text", "text": …}``, ``{"type": "thinking", "text": …}`` with
what its provider needs back (``signature``, ``id``), or ``{"type": "call", "id": …, "name": …,
"arguments": {…}}``, whose arguments are a text where they were no JSON object.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Message = dict[str, Any]
FORMAT = 1
USAGE = ("input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens")


def user(text: str) -> Message:
    """The message of a person."""
    return {"role": "user", "text": text}


def result(call: str, name: str, text: str, *, failed: bool = False) -> Message:
    """The result of a tool, for the model."""
    return {"role": "tool", "call": call, "name": name, "text": text, "failed": failed}


def text_of(message: Mapping[str, Any]) -> str:
    """The text of an answer, without what the model thought."""
    return "".join(part["text"] for part in _parts(message, "text"))


def thinking_of(message: Mapping[str, Any]) -> str:
    """The thoughts of the model before it answered, as far as its provider tells them."""
    return "\n".join(part["text"] for part in _parts(message, "thinking") if part["text"])


def calls_of(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The tool calls of an answer, in their order."""
    return list(_parts(message, "call"))


def _parts(message: Mapping[str, Any], kind: str) -> Iterator[dict[str, Any]]:
    return (part for part in message.get("parts", ()) if part["type"] == kind)


def digest(message: Mapping[str, Any]) -> str:
    """The SHA-256 of a message in hex."""
    text = json.dumps(message, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def chained(head: str, digests: Sequence[str]) -> str:
    """The digest of a request: of what stands before its messages, then of each in turn."""
    for each in digests:
        head = hashlib.sha256(f"{head}{each}".encode()).hexdigest()
    return head


def added(usages: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """The tokens of several answers together."""
    return {name: sum(int(usage.get(name) or 0) for usage in usages) for name in USAGE}
