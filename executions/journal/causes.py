"""The cause of why a run stands still: one short text, the same for all that stopped alike.

Runs of one workflow that stopped at the same step with errors of the same class and the same shape
of message have one cause: numbers and ids in the message, and rounds and visits in the path, are
masked. It is computed once, by the move with which a run stops, and kept in a column.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

# Causes of another version of this computation are other causes: raise it where one of the masks
# changes.
VERSION = 1
_DIGEST_CHARACTERS = 24

_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
# A word with a digit in it: a number, an id, a moment, part of an address.
_VARYING = re.compile(r"[\w.:+-]*\d[\w.:+-]*")
_ROUND = re.compile(r"([@#])\d+")


def cause_of(
    subject: uuid.UUID | None, path: str, message: str, error: Mapping[str, Any] | None = None
) -> str:
    """The cause of a stop: of which workflow or agent, at which step, with what error.

    ``message`` is the reason as people read it. ``error`` gives its class (``type`` and ``status``)
    where there is an error at all.
    """
    kind, status = (error or {}).get("type", ""), (error or {}).get("status", "")
    parts = (subject.hex if subject else "", place(path), str(kind), str(status), shape(message))
    # No part can hold the separator: nothing that is masked away can make two causes one.
    text = "\x1f".join(part.replace("\x1f", " ") for part in parts)
    return f"{VERSION}-{sha256(text.encode()).hexdigest()[:_DIGEST_CHARACTERS]}"


def place(path: str) -> str:
    """The path of a step without the numbers of rounds, tries and visits."""
    return _ROUND.sub(r"\1", path)


def shape(message: str) -> str:
    """A message without what varies from run to run: numbers, ids, moments, mail addresses."""
    masked = _VARYING.sub("#", _MAIL.sub("@", message))
    return " ".join(masked.split())
