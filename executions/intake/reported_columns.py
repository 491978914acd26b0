"""The columns of an execution that follow from what its external runner reports, whatever the
phase.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from executions.intake import merge_conversation, merge_tasks
from executions.intake.execution_draft import SILENCE_SECONDS
from executions.intake.merge_tasks import Merged
from executions.intake.status_update import StatusUpdate
from executions.models import Execution
from executions.models.rows import AsJson
from executions.states import ENDED_PHASES, OPEN_STATUSES, PASSED_STATUSES, Phase, StepStatus


def given(update: StatusUpdate, reached: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that may be given with any phase."""
    columns: dict[str, Any] = {}
    if update.gives("output"):
        columns["output"] = AsJson(update.output)
    if update.gives("error") and "error" not in reached:
        columns["error"] = AsJson(merge_tasks.error_json(update.error))
    if update.started_at is not None:
        columns["started_at"] = update.started_at
    if update.completed_at is not None and update.to in ENDED_PHASES:
        columns["ended_at"] = update.completed_at
    if update.runner_reference is not None:
        columns["runner_reference"] = update.runner_reference
    return columns


def heard(existing: Execution, update: StatusUpdate, now: datetime) -> dict[str, Any]:
    """It spoke: when, and until when it is due to speak again."""
    silence = timedelta(seconds=existing.runner_silence_seconds or SILENCE_SECONDS)
    return {
        "runner_sequence": update.sequence,
        "runner_heard_at": now,
        "runner_due_at": now + silence,
        "runner_silent_at": None,
    }


def progress(existing: Execution, update: StatusUpdate, merged: Merged | None) -> dict[str, Any]:
    """Derived from the tasks (of an agent: its to-dos).

    It never falls, whatever the runner forgets, and nothing is counted as finished that was not
    reported so, however the run ended.
    """
    done, total = existing.progress_done, existing.progress_total
    if update.todos is not None:
        known_done, known_total = merge_conversation.todos_done(update)
        done, total = max(done, known_done), max(total, known_total)
    if update.tasks is not None and merged is not None:
        done, total = max(done, merged.done), max(total, len(update.tasks))
    return {"progress_done": done, "progress_total": max(done, total)}


def journal(merged: Merged, to: Phase | None, now: datetime) -> dict[str, Any]:
    """Its place, the head of the chain and the last checkpoint."""
    columns: dict[str, Any] = {"head_digest": merged.head_digest}
    failed = [record.path for record in merged.standing if record.status == StepStatus.FAILED]
    running = [
        record.path
        for record in merged.standing
        if record.status in OPEN_STATUSES and record.started_at
    ]
    if (failed or running) and to != Phase.COMPLETED:
        columns["current_step"] = (running or failed)[-1]
    if any(record.status in PASSED_STATUSES for record in merged.written):
        columns["last_checkpoint_at"] = now
    return columns
