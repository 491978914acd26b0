"""Names of what a page can follow.

``execution:wex-…``  one execution's page    ``row:wex-…``  one row of a list
``executions``       a list (hints only)     ``overview``   the overview (hints only)
``inbox:<user id>``  a user's own inbox
``asks:<user id>``   what waits for a user's answer (hints only)
``events:<user id>`` events that a user sees (hints only)
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from executions.ids import parse_public_id, public_id

EXECUTION, ROW, EXECUTIONS, OVERVIEW = "execution", "row", "executions", "overview"
INBOX, ASKS, CLOUD_EVENTS = "inbox", "asks", "events"
HINTS = frozenset({EXECUTIONS, OVERVIEW})
OWN = frozenset({INBOX, ASKS, CLOUD_EVENTS})


@dataclass(frozen=True, slots=True)
class Topic:
    """A parsed name: ``execution_id`` for executions and rows, ``user_id`` for a user's own."""

    name: str
    kind: str
    execution_id: uuid.UUID | None = None
    user_id: int | None = None


def parse(name: str) -> Topic | None:
    """The topic of this name, or None where there is none such."""
    if name in HINTS:
        return Topic(name, name)
    kind, _, rest = name.partition(":")
    if kind in (EXECUTION, ROW):
        execution_id = parse_public_id(rest, "wex", "aex")
        return Topic(name, kind, execution_id=execution_id) if execution_id else None
    if kind in OWN and rest.isascii() and rest.isdigit() and len(rest) < 19:
        return Topic(name, kind, user_id=int(rest))
    return None


def execution_topic(execution_id: uuid.UUID) -> str:
    return f"{EXECUTION}:{public_id('wex', execution_id)}"


def events_topic(user_id: int) -> str:
    return f"{CLOUD_EVENTS}:{user_id}"


def asks_topic(user_id: int) -> str:
    return f"{ASKS}:{user_id}"
