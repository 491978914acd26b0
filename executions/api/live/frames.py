"""The frames for followers of an execution, read from the database."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import QuerySet

from executions import showing, sight
from executions.api import history
from executions.api.render import executions as render
from executions.api.schemas.journal import Entry
from executions.live.news import Want
from executions.models import Execution
from executions.models.snapshot import snapshot
from executions.states import ENDED_PHASES

MOST_ENTRIES = 500
_RELATED = ("owner", "workflow", "version", "agent", "agent_version")
_DEFERRED = (
    "version__source",
    "version__document",
    "agent_version__source",
    "agent_version__document",
)


@dataclass(frozen=True, slots=True)
class Update:
    """One message: ``snapshot``, ``update`` or ``end``; ``seq`` is how far it tells the history.

    ``is_partial``: there is more to tell than this message holds.
    """

    event: str
    seq: int
    body: dict[str, Any]
    is_partial: bool = False
    # The same for those who read masked values, where one of them follows.
    masked_body: dict[str, Any] | None = None

    def for_reader(self, *, reads_masked: bool) -> Update:
        """As this reader may see it."""
        if not reads_masked:
            return self
        assert self.masked_body is not None
        return replace(self, body=self.masked_body)

    def as_json(self, lost: int = 0) -> dict[str, Any]:
        """``lost`` tells how many updates this follower did not get before it."""
        frame = {"event": self.event, "seq": self.seq, **self.body}
        return {**frame, "lost": lost} if lost else frame


def first(
    execution_id: uuid.UUID, after: int | None, *, reads_masked: bool = False
) -> list[Update]:
    """The first frames for a follower: a snapshot (and the end, where it has ended), or what came
    after the sequence that it has seen. Raises LookupError where there is no such execution.
    """
    with snapshot():
        row = _rows([execution_id]).first()
        if row is None:
            raise LookupError(execution_id)
        with showing.masked(sight.mask_of(row) if reads_masked else None):
            if after is None or after > row.head_seq:
                return _snapshot(row)
            return [_update(row, after)] if after < row.head_seq or _has_ended(row) else []


def _snapshot(row: Execution) -> list[Update]:
    entries = history.entries(row, max(0, row.head_seq - MOST_ENTRIES), MOST_ENTRIES).items
    body = _json(row, entries) | {"ended": _has_ended(row)}
    began = Update("snapshot", row.head_seq, body)
    ended = Update("end", row.head_seq, body | {"entries": []})
    return [began, ended] if _has_ended(row) else [began]


def since(wants: Mapping[uuid.UUID, Want]) -> dict[uuid.UUID, Update]:
    """Of each execution that went on: one update with what is new; ``end`` where it has ended."""
    with snapshot():
        cursors = {key: want.cursor for key, want in wants.items()}
        moved = [row for row in _rows(wants) if row.head_seq > cursors[row.pk]]
        return {row.pk: _for_all(row, wants[row.pk]) for row in moved}


def _for_all(row: Execution, want: Want) -> Update:
    """One update for all who follow the run, however they read it."""
    with showing.masked(None):
        update = _update(row, want.cursor)
    if not any(each.reads_masked for each in want.standings):
        return update
    with showing.masked(sight.mask_of(row)):
        return replace(update, masked_body=_update(row, want.cursor).body)


def _update(row: Execution, cursor: int) -> Update:
    """The news after ``cursor``. If they are too much for one message the rest comes in those that
    follow; only the last one tells that the run has ended.
    """
    new = history.entries(row, cursor, MOST_ENTRIES)
    if new.next_after is not None:
        body = _json(row, new.items, brief=True) | {"ended": False}
        return Update("update", new.next_after, body, is_partial=True)
    ended = _has_ended(row)
    body = _json(row, new.items, brief=not ended) | {"ended": ended}
    return Update("end" if ended else "update", row.head_seq, body)


def _has_ended(row: Execution) -> bool:
    return row.phase in ENDED_PHASES


def _rows(ids: Iterable[uuid.UUID]) -> QuerySet[Execution, Execution]:
    rows = Execution.objects.filter(pk__in=list(ids))
    return rows.select_related(*_RELATED).defer(*_DEFERRED)


def _json(row: Execution, entries: list[Entry], *, brief: bool = False) -> dict[str, Any]:
    return {
        "execution": render.execution(row, brief=brief).model_dump(mode="json"),
        "entries": [entry.model_dump(mode="json") for entry in entries],
    }
