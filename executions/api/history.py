"""Journal and events of an execution in one order, and what of it is newer than a sequence."""

from __future__ import annotations

from executions.api.render import journal as render
from executions.api.schemas.journal import Entry, History
from executions.models import Event, Execution, Step

_STEP_FIELDS = (
    "id", "execution_id", "seq", "changed_seq", "path", "name", "kind", "status", "control", "started_at",
    "finished_at",
)  # fmt: skip


def entries(execution: Execution, after: int, limit: int) -> History:
    """The entries whose sequence is greater than ``after``, oldest first; those that share one are never parted."""
    steps = Step.objects.filter(execution=execution).only(*_STEP_FIELDS)
    finished = list(steps.filter(seq__gt=after).order_by("seq")[: limit + 1])
    open_ = list(steps.filter(seq=None, changed_seq__gt=after).order_by("changed_seq")[: limit + 1])
    events = Event.objects.filter(execution=execution, seq__gt=after).select_related("actor").order_by("seq")
    rows: list[Step | Event] = [*finished, *open_, *events[: limit + 1]]
    found = sorted((render.entry(row) for row in rows), key=lambda entry: (entry.seq, entry.type == "step"))
    if len(found) <= limit:
        return History(items=found, next_after=None, head_seq=execution.head_seq)
    last = found[limit - 1].seq
    return History(items=_up_to(found, last), next_after=last, head_seq=execution.head_seq)


def _up_to(found: list[Entry], seq: int) -> list[Entry]:
    return [entry for entry in found if entry.seq <= seq]
