"""Journal and events of an execution in one order, and what of it is newer than a sequence."""

from __future__ import annotations

from executions.api.render import journal as render
from executions.api.schemas.journal import History
from executions.models import Event, Execution, Step
from executions.models.snapshot import snapshot

_STEP_FIELDS = (
    "id",
    "execution_id",
    "seq",
    "changed_seq",
    "path",
    "name",
    "kind",
    "status",
    "control",
    "started_at",
    "finished_at",
)


def entries(execution: Execution, after: int, limit: int) -> History:
    """At most ``limit`` entries with a sequence greater than ``after``, oldest first.

    All are read from one state of the database, and ``head_seq`` is the execution's sequence in
    that state: a reader who goes on from there misses nothing. Every entry has a sequence of its
    own.
    """
    with snapshot():
        rows = Execution.objects.filter(pk=execution.pk)
        head_seq = rows.values_list("head_seq", flat=True).first() or execution.head_seq
        fetched = _read(execution, after, limit)
    items = [render.entry(row) for row in fetched[:limit]]
    next_after = items[-1].seq if len(fetched) > limit else None
    return History(items=items, next_after=next_after, head_seq=head_seq)


def _read(execution: Execution, after: int, limit: int) -> list[Step | Event]:
    """The first rows after ``after`` in order, one more than ``limit`` where there are more."""
    steps = Step.objects.filter(execution=execution).only(*_STEP_FIELDS)
    finished = steps.filter(seq__gt=after).order_by("seq")[: limit + 1]
    # An open step that a decision set aside is told by the decision.
    standing = steps.filter(seq=None, superseded_by=None, changed_seq__gt=after)
    open_ = standing.order_by("changed_seq")[: limit + 1]
    events = Event.objects.filter(execution=execution, seq__gt=after).select_related("actor")
    rows: list[Step | Event] = [*finished, *open_, *events.order_by("seq")[: limit + 1]]
    return sorted(rows, key=_seq)[: limit + 1]


def _seq(row: Step | Event) -> int:
    if isinstance(row, Event) or row.seq is not None:
        return int(row.seq or 0)
    return row.changed_seq
