"""What changed in executions, for the pages and rows that show them."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from dashboard.live import changes
from dashboard.live.changes import Changed, Want
from dashboard.live.follower import Follower, Subscription
from dashboard.live.topics import EXECUTION

Ask = Callable[[Callable[[], Any]], Awaitable[Any]]
Followed = Sequence[tuple[Follower, Subscription]]


class ExecutionNews:
    """Which executions may have changed, until it was looked."""

    def __init__(self) -> None:
        self._dirty: set[uuid.UUID] = set()

    def mark(self, execution_id: uuid.UUID) -> None:
        self._dirty.add(execution_id)

    async def send(self, subscriptions: Followed, ask: Ask) -> None:
        """What came after each subscription's cursor: a fixed number of queries, each fragment made once per role."""
        dirty, self._dirty = self._dirty, set()
        followed = [pair for pair in subscriptions if pair[1].topic.execution_id in dirty]
        wants = _wants(followed)
        if not wants:
            return
        found: dict[uuid.UUID, Changed] = await ask(lambda: changes.changed(wants))
        for follower, each in followed:
            change = found.get(each.topic.execution_id) if each.topic.execution_id else None
            if change is None or change.seq == each.cursor or each.role is None:
                continue
            is_behind = change.seq < each.cursor
            parts = None if is_behind else changes.parts_of(each.topic, each.role, change)
            follower.mailbox.put(each.topic.name, change.seq, parts)
            each.cursor = change.seq

    async def compare(self, subscriptions: Followed, ask: Ask) -> None:
        """Mark what stands elsewhere in the database than where it was sent."""
        ids = {each.topic.execution_id for _, each in subscriptions if each.topic.execution_id}
        heads: dict[uuid.UUID, int] = await ask(lambda: changes.heads(ids)) if ids else {}
        for _, each in subscriptions:
            if each.topic.execution_id and heads.get(each.topic.execution_id, each.cursor) != each.cursor:
                self._dirty.add(each.topic.execution_id)


def _wants(followed: Followed) -> dict[uuid.UUID, Want]:
    wants: dict[uuid.UUID, Want] = {}
    for _, each in followed:
        assert each.topic.execution_id is not None and each.role is not None
        want = wants.setdefault(each.topic.execution_id, Want(each.cursor))
        want.cursor = min(want.cursor, each.cursor)
        if each.topic.kind == EXECUTION:
            want.roles.add(each.role)
        else:
            want.as_row = True
    return wants
