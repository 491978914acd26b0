"""Frames of sockets as they travel, shared by all sockets that get the same one.

ASGI sends one message at a time, and the server makes bytes of each anew. A server that knows the
extension ``TOGETHER`` takes several at once, and keeps the bytes of a text for the next socket.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# In ``scope["extensions"]``: the server takes ``{"type": TOGETHER, "texts": [Text, …]}``.
TOGETHER = "stigmer.together"


@dataclass(slots=True, eq=False)
class Text:
    """``framed`` are the bytes that the server made of it for the first socket."""

    text: str
    framed: bytes | None = None


def are_taken_together(scope: Mapping[str, Any]) -> bool:
    """Whether the server of this socket takes several texts at once."""
    return TOGETHER in (scope.get("extensions") or {})
