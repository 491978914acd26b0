"""Moments from which, or until which, something is counted: time that does not count moves them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from executions.journal.records import StepRecord
from executions.language.kinds.try_task import TRY_DEADLINE, counted_from

# Where a step waits for a process: since when, and up to which moment that was left out of the counting.
IN_LINE = "in_line"


def shift(record: StepRecord, by: timedelta) -> None:
    """Leave ``by`` out of what is counted for an open step."""
    for name in ("deadline", "first_attempt_at"):
        _shift(record.control, name, by)
    if IN_LINE in record.control:
        _shift(record.control[IN_LINE], "counted", by)
    if TRY_DEADLINE in record.control:
        _shift(record.control[TRY_DEADLINE], "at", by)
    if record.kind == "try":
        attempt, since = counted_from(record)
        record.control["counted_from"] = {"attempt": attempt, "at": (since + by).isoformat()}


def _shift(held: dict[str, Any], name: str, by: timedelta) -> None:
    if name in held:
        held[name] = (datetime.fromisoformat(held[name]) + by).isoformat()
