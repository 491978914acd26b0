"""The lifecycle events of the Open Workflow Specification, as what a journal says of a run.

Source: DSL 1.0, sections Lifecycle Events of dsl.md and dsl-reference.md. Times are of the journal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from executions.errors import WorkflowError
from executions.journal.decided import Listening
from executions.journal.events import EventName
from executions.journal.records import DECISION
from executions.states import OPEN_STATUSES, Phase, StepStatus
from executions.values import timestamp

PREFIX = "io.serverlessworkflow."
WORKFLOW = ("started", "suspended", "resumed", "correlation-started", "correlation-completed")
ENDS = ("cancelled", "faulted", "completed")
TASK = ("created", "started", "suspended", "resumed", "retried")
TYPES = (
    *(f"{PREFIX}workflow.{what}.v1" for what in (*WORKFLOW, *ENDS)),
    *(f"{PREFIX}task.{what}.v1" for what in (*TASK, *ENDS)),
)
LISTEN = "listen"
# Steps that stand in the journal and for no task of the definition.
NO_TASKS = frozenset({DECISION, "iteration"})

# The status of a run that is told after an event of the journal.
_STATUS = {
    EventName.STARTED: "started",
    EventName.PAUSED: "suspended",
    EventName.RESUMED: "resumed",
    EventName.CANCELLED: "cancelled",
    EventName.TERMINATED: "cancelled",
    EventName.COMPLETED: "completed",
    EventName.STEP_FAILED: "faulted",
    EventName.RECOVERY_FAILED: "faulted",
}
# An administrator put it into this phase.
_OVERRIDDEN = {
    Phase.PENDING: "resumed",
    Phase.PAUSED: "suspended",
    Phase.FAILED: "faulted",
    Phase.CANCELLED: "cancelled",
    Phase.TERMINATED: "cancelled",
}
# A person, or a recovery, makes a run that had ended go on.
_GOES_ON = frozenset(
    {
        EventName.RETRIED,
        EventName.RECOVERED,
        EventName.RESTORED,
        EventName.RESTORE_UNDONE,
        EventName.WORKSPACE_REMADE,
        EventName.STEP_SKIPPED,
        EventName.DECIDED,
    }
)
_TASK_ENDS = {
    StepStatus.SUCCEEDED: "completed",
    StepStatus.SKIPPED: "completed",
    StepStatus.FAILED: "faulted",
    StepStatus.CANCELLED: "cancelled",
}
_STAMP = {
    "correlation-started": "startedAt",
    "correlation-completed": "completedAt",
}


@dataclass(frozen=True, slots=True)
class LifecycleEvent:
    """One lifecycle event: ``key`` tells it from all others of its run, ``data`` is without
    ``output``.
    """

    key: str
    type: str
    at: datetime
    data: Mapping[str, Any]
    output: Any = None


@dataclass(slots=True)
class Subject:
    """The run as events name it, and how far it was told.

    ``name`` is its qualified name, ``definition`` what it is a run of. ``pointer`` makes a JSON
    pointer into the definition of a step's path. ``open`` holds the paths of the tasks that are
    known to be open, by the id of the step; ``seq`` is up to where it was told. ``error`` is that
    of the run.
    """

    name: str
    definition: Mapping[str, str]
    pointer: Callable[[str], str]
    error: Any = None
    output: Any = None
    seq: int = 0
    started_at: datetime | None = None
    status: str = ""
    open: dict[str, str] = field(default_factory=dict)


def order(event: LifecycleEvent) -> tuple[datetime, int]:
    """By time; at one time a run begins before its tasks and ends after them."""
    what = event.type.removeprefix(f"{PREFIX}workflow.").removesuffix(".v1")
    return event.at, 0 if what in ("started", "resumed", "suspended") else 2 if what in ENDS else 1


def of_event(run: Subject, event: Any) -> Iterator[LifecycleEvent]:
    """The news of a row of the journal's events about the run and its open tasks."""
    status = _status_after(run, event)
    if status:
        run.status = status
        reason = str(event.payload.get("reason") or "")
        began = run.started_at if status == "started" else None
        yield _workflow(run, status, began or event.created_at, f"e{event.seq}", reason)
        # Of a run that had ended no task was suspended.
        if status in ("suspended", "resumed") and event.name not in _GOES_ON:
            for step, path in run.open.items():
                yield _task(run, status, event.created_at, f"{step}.{status}.{event.seq}", path)
    elif event.name == EventName.STEP_RETRYING and event.payload.get("path"):
        path = event.payload["path"]
        yield _task(run, "retried", event.created_at, f"e{event.seq}", path)


def _status_after(run: Subject, event: Any) -> str:
    """The new status of the run; empty where this says nothing new."""
    name = event.name
    if name == EventName.OVERRIDDEN:
        status = _OVERRIDDEN.get(event.payload.get("after"), "")
    elif name in _GOES_ON:
        status = "resumed" if run.status in ENDS else ""
    else:
        status = _STATUS.get(name, "")
    # A failed recovery, and the failure that it is.
    return "" if status == run.status == "faulted" else status


def _workflow(
    run: Subject,
    what: str,
    at: datetime,
    key: str,
    reason: str = "",
    more: Mapping[str, Any] = MappingProxyType({}),
) -> LifecycleEvent:
    data: dict[str, Any] = {"name": run.name, _STAMP.get(what, f"{what}At"): timestamp(at), **more}
    output = None
    if what == "started":
        data["definition"] = dict(run.definition)
    elif what == "faulted":
        data["error"] = _error(run.error, reason)
    elif what == "completed":
        output = run.output
    return LifecycleEvent(key, f"{PREFIX}workflow.{what}.v1", at, data, output)


def _task(
    run: Subject,
    what: str,
    at: datetime,
    key: str,
    path: str,
    *,
    error: Any = None,
    output: Any = None,
) -> LifecycleEvent:
    data: dict[str, Any] = {"workflow": run.name, "task": run.pointer(path)}
    data[f"{what}At"] = timestamp(at)
    if what == "faulted":
        data["error"] = _error(error)
    return LifecycleEvent(key, f"{PREFIX}task.{what}.v1", at, data, output)


def of_step(run: Subject, step: Any) -> Iterator[LifecycleEvent]:
    """The news of a step's row that was not told yet."""
    was_told = step.seq is not None and step.seq <= run.seq
    if step.kind in NO_TASKS or was_told:
        return
    key = step.pk.hex
    is_taken_back = step.superseded_by_id is not None
    if key not in run.open:
        if step.started_at is None or (is_taken_back and step.finished_at is None):
            return
        yield _task(run, "created", step.started_at, f"{key}.created", step.path)
        yield _task(run, "started", step.started_at, f"{key}.started", step.path)
        if step.kind == LISTEN:
            yield _workflow(run, "correlation-started", step.started_at, f"{key}.listens")
    if step.status in OPEN_STATUSES and not is_taken_back:
        run.open[key] = step.path
        return
    run.open.pop(key, None)
    yield from _end_of(run, step, key)


def _end_of(run: Subject, step: Any, key: str) -> Iterator[LifecycleEvent]:
    what = _TASK_ENDS.get(step.status, "cancelled")
    at = step.finished_at or step.superseded_by.finished_at
    output = step.output if what == "completed" else None
    yield _task(run, what, at, f"{key}.{what}", step.path, error=step.error, output=output)
    if step.kind == LISTEN and what == "completed":
        keys = {"correlationKeys": _keys(step)}
        yield _workflow(run, "correlation-completed", at, f"{key}.heard", more=keys)


def _keys(step: Any) -> dict[str, Any]:
    """The values that the events of a step have in common: those that it expected, and those that
    the first of them bound.
    """
    heard = Listening.of(step)
    arguments = step.arguments if isinstance(step.arguments, dict) else {}
    wanted = [*arguments.get("filters", ()), *arguments.get("until", ())]
    taken = {number for _, number in heard.heard or () if number < len(wanted)}
    rules = [rule for number in sorted(taken) for rule in wanted[number]["correlate"].items()]
    expected = {name: rule["expect"] for name, rule in rules if "expect" in rule}
    return expected | (heard.bound or {})


def _error(error: Any, reason: str = "") -> dict[str, Any]:
    """The DSL's error; where the row holds none any more, one that says the reason."""
    if isinstance(error, dict) and "type" in error:
        return error
    return WorkflowError.standard("runtime", reason or "It failed.").as_json()
