"""Open steps are closed when their execution ends before them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from executions.journal.decided import Call
from executions.journal.records import StepRecord
from executions.states import StepStatus


def closed_records(
    records: Iterable[StepRecord], now: datetime, *, outcome_unknown: bool
) -> list[StepRecord]:
    """Those of these steps that are open, closed as cancelled."""
    open_records = [record for record in records if record.finished_at is None]
    for record in open_records:
        if outcome_unknown and record.may_be_under_way():
            Call.of(record).outcome_unknown = True
        record.enter(StepStatus.CANCELLED, now)
    return open_records
