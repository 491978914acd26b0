"""A runner's list of tasks laid over the journal: what it says becomes Steps, what it no longer
names is superseded.

Pure: knows the records, not the database. A finished step is a link of the chain and is never
changed; where the runner says something else about it now, a new step takes its place.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from executions.errors import Refused, WorkflowError
from executions.intake.status_update import STATUSES, TaskReport
from executions.journal.decided import Decision, Reported
from executions.journal.links import link
from executions.journal.paths import escape
from executions.journal.records import DECISION, StepRecord
from executions.states import FINISHED_STATUSES, OPEN_STATUSES, StepStatus

_REPORTED = ("name", "kind", "status", "attempt", "optional", "input", "output", "error", "control")


@dataclass(slots=True)
class Merged:
    """``written`` in the order in which it is stored (a decision first); ``standing`` is the
    journal afterwards.
    """

    written: list[StepRecord] = field(default_factory=list)
    superseded: list[StepRecord] = field(default_factory=list)
    decision: StepRecord | None = None
    standing: list[StepRecord] = field(default_factory=list)
    head_digest: str = ""

    @property
    def done(self) -> int:
        return sum(record.status in FINISHED_STATUSES for record in self.standing)

    def supersede(self) -> tuple[Sequence[uuid.UUID], uuid.UUID] | None:
        """As a move takes it."""
        return (
            None
            if self.decision is None
            else ([record.id for record in self.superseded], self.decision.id)
        )


def merge(
    records: Iterable[StepRecord],
    reports: Sequence[TaskReport],
    *,
    now: datetime,
    head_digest: str,
    head_seq: int,
    journal_format: int,
) -> Merged:
    """The journal after this list; a list without a task supersedes it.

    Raises Refused where two have one name.
    """
    standing = {record.path: record for record in records}
    merged = Merged(head_digest=head_digest)
    for path, report in _by_path(reports).items():
        _lay_over(merged, standing.pop(path, None), _record(path, report), report, now)
    merged.superseded += standing.values()
    if merged.superseded:
        merged.decision = _decision(merged.superseded, head_seq, now)
        merged.written.insert(0, merged.decision)
    _chain(merged, journal_format)
    return merged


def close(merged: Merged, now: datetime) -> None:
    """The execution ends: what its runner left open is closed, as something of which nobody knows
    how it went.
    """
    written = {record.id for record in merged.written}
    for index, record in enumerate(merged.standing):
        if record.status in OPEN_STATUSES:
            reported = Reported(dict(record.control))
            if record.started_at:
                reported.outcome_unknown = True
            closed = replace(
                record, status=StepStatus.CANCELLED, finished_at=now, control=reported.json
            )
            merged.standing[index] = closed
            if record.id in written:
                merged.written = [
                    closed if other.id == closed.id else other for other in merged.written
                ]
            else:
                merged.written.append(closed)


def error_json(error: dict[str, Any] | str | None) -> dict[str, Any] | None:
    """An error as the DSL writes it; a runner may give only a sentence."""
    if error is None:
        return None
    fields = {"detail": error} if isinstance(error, str) else error
    return WorkflowError.standard("runtime", "").as_json() | fields


def _by_path(reports: Sequence[TaskReport]) -> dict[str, TaskReport]:
    by_path: dict[str, TaskReport] = {}
    for report in reports:
        path = "/" + escape(report.key)
        if path in by_path:
            raise Refused(
                "invalid",
                f"Two tasks of the list are called {report.key!r}.",
                remedy="Give each a task_id of its own.",
            )
        by_path[path] = report
    return by_path


def _record(path: str, report: TaskReport) -> StepRecord:
    reported = Reported.made(reported=report.status)
    if report.metadata:
        reported.metadata = report.metadata
    return StepRecord(
        path,
        report.task_name,
        # A reported task must not pass for one of the journal's own decisions.
        "task" if report.task_type.lower() == DECISION else report.task_type.lower(),
        status=STATUSES[report.status],
        attempt=report.attempt,
        optional=report.optional,
        input=report.input,
        output=report.output,
        error=error_json(report.error),
        control=reported.json,
        started_at=report.started_at,
        finished_at=report.completed_at,
    )


def _lay_over(
    merged: Merged,
    stored: StepRecord | None,
    reported: StepRecord,
    report: TaskReport,
    now: datetime,
) -> None:
    if stored is not None and _is_same(stored, reported):
        merged.standing.append(stored)
        return
    has_begun = report.status not in ("PENDING", "SKIPPED")
    reported.started_at = (
        reported.started_at
        or (stored.started_at if stored else None)
        or (now if has_begun else None)
    )
    is_over = reported.status not in OPEN_STATUSES
    reported.finished_at = (reported.finished_at or now) if is_over else None
    if stored is not None and stored.finished_at is None:
        reported.id, reported.generation = stored.id, stored.generation
    elif stored is not None:
        merged.superseded.append(stored)
    merged.standing.append(reported)
    merged.written.append(reported)


def _is_same(stored: StepRecord, reported: StepRecord) -> bool:
    times = (reported.started_at in (None, stored.started_at)) and (
        reported.finished_at in (None, stored.finished_at)
    )
    return times and all(getattr(stored, name) == getattr(reported, name) for name in _REPORTED)


def _decision(superseded: Iterable[StepRecord], head_seq: int, now: datetime) -> StepRecord:
    decision = Decision.made(
        verb="update_status", supersedes=[record.path for record in superseded]
    )
    return StepRecord(
        f"@decision/{head_seq + 1}",
        "update_status",
        DECISION,
        status=StepStatus.SUCCEEDED,
        control=decision.json,
        started_at=now,
        finished_at=now,
    )


def _chain(merged: Merged, journal_format: int) -> None:
    for record in merged.written:
        if record.status in FINISHED_STATUSES:
            record.digest = merged.head_digest = link(merged.head_digest, record, journal_format)
