"""What followers are sent, read from the database."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import QuerySet

from executions.api import history
from executions.api.live.subscriber import Frame
from executions.api.render import executions as render
from executions.api.schemas.journal import Entry
from executions.models import Execution
from executions.models.snapshot import snapshot
from executions.states import ENDED_PHASES

MOST_ENTRIES = 500
_RELATED = ("owner", "workflow", "version", "agent", "agent_version")
_DEFERRED = ("version__source", "version__document", "agent_version__source", "agent_version__document")


def first(execution_id: uuid.UUID, after: int | None) -> Frame | None:
    """What a follower is sent first: a snapshot, or what came after the sequence that it has seen; None where nothing
    did. Raises LookupError where there is no such execution."""
    with snapshot():
        row = _rows([execution_id]).first()
        if row is None:
            raise LookupError(execution_id)
        if after is None or after > row.head_seq:
            return _snapshot(row)
        return _update(row, after) if after < row.head_seq or has_ended(row) else None


def _snapshot(row: Execution) -> Frame:
    entries = history.entries(row, max(0, row.head_seq - MOST_ENTRIES), MOST_ENTRIES).items
    return Frame("snapshot", row.head_seq, _json(row, entries) | {"ended": has_ended(row)})


def ending(snapshot: Frame) -> Frame:
    """What follows the snapshot of a run that has ended: the same execution, and nothing new in its history."""
    return Frame("end", snapshot.seq, snapshot.body | {"entries": []})


def since(cursors: Mapping[uuid.UUID, int]) -> dict[uuid.UUID, Frame]:
    """Of each execution that went on after its cursor: one update with what is new; ``end`` where it has ended."""
    found: dict[uuid.UUID, Frame] = {}
    with snapshot():
        for row in _rows(key for key in cursors):
            if row.head_seq > cursors[row.pk]:
                found[row.pk] = _update(row, cursors[row.pk])
    return found


def _update(row: Execution, cursor: int) -> Frame:
    """What is new after ``cursor``. Where that is too much for one message the rest comes in those that follow; only
    the last one tells that the run has ended."""
    new = history.entries(row, cursor, MOST_ENTRIES)
    if new.next_after is not None:
        return Frame("update", new.next_after, _json(row, new.items, brief=True) | {"ended": False}, is_partial=True)
    ended = has_ended(row)
    body = _json(row, new.items, brief=not ended) | {"ended": ended}
    return Frame("end" if ended else "update", row.head_seq, body)


def heads(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, int]:
    """Where each of these stands; those that were deleted are missing."""
    return dict(Execution.objects.filter(pk__in=list(ids)).values_list("pk", "head_seq"))


def has_ended(row: Execution) -> bool:
    return row.phase in ENDED_PHASES


def _rows(ids: Iterable[uuid.UUID]) -> QuerySet[Execution, Execution]:
    return Execution.objects.filter(pk__in=list(ids)).select_related(*_RELATED).defer(*_DEFERRED)


def _json(row: Execution, entries: list[Entry], *, brief: bool = False) -> dict[str, Any]:
    return {
        "execution": render.execution(row, brief=brief).model_dump(mode="json"),
        "entries": [entry.model_dump(mode="json") for entry in entries],
    }
