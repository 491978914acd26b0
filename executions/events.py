"""Announcing that something changed: a small hint to the web processes, never the truth itself.

Each nudge is ``{"type": "nudge", "execution": <uuid>, "seq": <counter>, "owner": <user id>}`` to the channel group
``stigmer.nudges``. It is best effort: a page that misses one asks the database.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable

GROUP = "stigmer.nudges"
Publisher = Callable[[dict[str, object]], None]
_publisher: Publisher | None = None


def use_publisher(publisher: Publisher | None) -> None:
    """Set how nudges leave this process (see ``executions.broadcast``)."""
    global _publisher
    _publisher = publisher


def announce(execution_id: uuid.UUID, seq: int, owner_id: int | None) -> None:
    """Tell the web processes that this execution is at ``seq`` now."""
    if _publisher is not None:
        _publisher({"type": "nudge", "execution": str(execution_id), "seq": seq, "owner": owner_id})
