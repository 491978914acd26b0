"""Is the journal what was written? Each finished step's digest covers the one before it."""

from __future__ import annotations

from executions.engine.journal import chained
from executions.engine.lease import RECORD_FIELDS, record_of
from executions.models import Execution, Step
from executions.states import FINISHED_STATUSES
from executions.values import digest


def verify(execution: Execution) -> str | None:
    """None when the chain is whole, else one sentence that names the first checkpoint that is not."""
    head = ""
    rows = Step.objects.filter(execution=execution, seq__isnull=False).order_by("seq").values_list(*RECORD_FIELDS)
    for row in rows.iterator():
        record = record_of(row)
        if record.status not in FINISHED_STATUSES:
            continue
        head = digest(head, chained(record))
        if record.digest != head:
            return f"checkpoint {record.seq} ({record.path}) is not what was written"
    if head != execution.head_digest:
        return "checkpoints at the end of its history are missing"
    return None
