"""Announcing that something changed: a small hint to the web processes, never the truth itself.

Each nudge is ``{"type": "nudge", "execution": <uuid>, "seq": <counter>, "owner": <user id>}``; to
the channel group ``stigmer.nudges`` they go one by one or as ``{"type": "nudges", "nudges": […]}``.
A nudge may be lost: a page that misses one asks the database.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

GROUP = "stigmer.nudges"
Publisher = Callable[[dict[str, object]], None]
_publisher: Publisher | None = None


def use_publisher(publisher: Publisher | None) -> None:
    """Set how nudges leave this process (see ``executions.live.broadcast``)."""
    global _publisher
    _publisher = publisher


def announce(execution_id: uuid.UUID, seq: int, owner_id: int | None) -> None:
    """Tell the web processes that this execution is at ``seq`` now."""
    if _publisher is not None:
        _publisher({"type": "nudge", "execution": str(execution_id), "seq": seq, "owner": owner_id})


@dataclass(frozen=True, slots=True)
class Nudge:
    """A nudge that was heard: this execution may have changed; ``owner_id`` where it was named."""

    execution_id: uuid.UUID
    owner_id: int | None


def together(messages: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """Several nudges as one message of the channel group."""
    return {"type": "nudges", "nudges": list(messages)}


def nudges_of(message: Mapping[str, Any]) -> list[Nudge]:
    """The nudges in a message of the channel group; what names no execution is left out."""
    batch = message.get("nudges")
    each = batch if isinstance(batch, list) else [message]
    nudges = [nudge_of(nudge) for nudge in each if isinstance(nudge, Mapping)]
    return [nudge for nudge in nudges if nudge is not None]


def nudge_of(message: Mapping[str, Any]) -> Nudge | None:
    """The nudge in a message of the channel group; None where it names no execution."""
    try:
        execution_id = uuid.UUID(str(message.get("execution")))
    except ValueError:
        return None
    owner_id = message.get("owner")
    return Nudge(execution_id, owner_id if isinstance(owner_id, int) else None)
