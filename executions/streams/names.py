"""Which answer it is, and what it is called in Redis."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

CHANNEL = "stigmer:streams"
# So many bytes of an answer are shown while it comes; the rest of it when the turn ends.
MOST_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Place:
    """The answer that a step gets at an attempt. Of two of one execution that with the higher
    ``token``, then with the higher ``attempt``, is the newer one.
    """

    execution_id: uuid.UUID
    token: int
    path: str
    attempt: int


def head_key(execution_id: uuid.UUID) -> str:
    return f"stigmer:stream:{execution_id.hex}"


def text_key(execution_id: uuid.UUID) -> str:
    return f"stigmer:stream:{execution_id.hex}:text"
