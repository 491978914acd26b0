"""Moments from which, or until which, something is counted: time that does not count moves them."""

from __future__ import annotations

from datetime import timedelta

from executions.journal.decided import Call, Counted, Try
from executions.journal.records import StepRecord
from executions.language.kinds.try_task import counted_from


def shift(record: StepRecord, by: timedelta) -> None:
    """Leave ``by`` out of what is counted for an open step."""
    call, block = Call.of(record), Try.of(record)
    if call.deadline is not None:
        call.deadline += by
    if call.first_attempt_at is not None:
        call.first_attempt_at += by
    if (held := call.in_line) is not None and held.counted is not None:
        held.counted += by
    if (limit := block.try_deadline) is not None and limit.at is not None:
        limit.at += by
    if record.kind == "try":
        attempt, since = counted_from(record)
        block.counted_from = Counted.made(attempt=attempt, at=since + by)
