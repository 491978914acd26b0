"""One execution's page: the row, its journal, its history, each bounded."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

from django.db.models import F, Prefetch, Q, QuerySet, TextField
from django.db.models.functions import Cast, Substr

from dashboard.queries.executions import TEXTS
from dashboard.values import SHOWN_CHARACTERS
from executions import policy
from executions.journal.decided import Task
from executions.journal.paths import ancestors
from executions.language.walking import late
from executions.models import Ask, Attempt, Event, Execution, Step
from executions.states import OPEN_STATUSES, Phase

STEPS = 200
EVENTS = 200
CHILDREN = 20
VALUES = ("input", "arguments", "output", "error")


@dataclass(frozen=True, slots=True)
class Journal:
    """What the page shows of one execution. ``has_earlier`` where older steps were left out."""

    execution: Execution
    steps: list[Step] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    has_earlier: bool = False


def one(user: policy.Person, execution_id: uuid.UUID) -> Execution | None:
    """The execution, or None where it is missing or not for this user: the two look the same."""
    return _shown(policy.visible_executions(user)).filter(pk=execution_id).first()


def reread(execution_ids: list[uuid.UUID]) -> dict[uuid.UUID, Execution]:
    """Executions whose readers were asked before (``one``), as they stand now."""
    return {row.pk: row for row in _shown(Execution.objects.filter(pk__in=execution_ids))}


def journal(execution: Execution) -> Journal:
    """Its newest steps and events; the row was read before them, so nothing between is missed."""
    found = list(_steps(execution.pk).order_by("-id")[: STEPS + 1])
    events = (
        Event.objects.filter(execution_id=execution.pk)
        .select_related("actor")
        .order_by("-seq")[:EVENTS]
    )
    return Journal(execution, found[:STEPS][::-1], list(events), has_earlier=len(found) > STEPS)


def children(execution_id: uuid.UUID) -> tuple[list[Execution], bool]:
    """The newest runs that it started, and whether there are more."""
    rows = Execution.objects.filter(parent=execution_id).order_by("-id")
    found = list(
        rows.only("id", "kind", "name", "phase", "created_at", "is_awaited")[: CHILDREN + 1]
    )
    return found[:CHILDREN], len(found) > CHILDREN


def earlier_steps(execution_id: uuid.UUID, before: uuid.UUID) -> tuple[list[Step], bool]:
    """The steps before those on the page, and whether there are more still."""
    found = list(_steps(execution_id).filter(id__lt=before).order_by("-id")[: STEPS + 1])
    return found[:STEPS][::-1], len(found) > STEPS


def changes(
    cursors: dict[uuid.UUID, int],
) -> tuple[dict[uuid.UUID, list[Step]], dict[uuid.UUID, list[Event]]]:
    """Steps and events of several executions that changed after each one's cursor: four queries in
    all.
    """
    steps: dict[uuid.UUID, list[Step]] = {key: [] for key in cursors}
    events: dict[uuid.UUID, list[Event]] = {key: [] for key in cursors}
    if not cursors:
        return steps, events
    lowest = min(cursors.values())
    for step in (
        _steps(*cursors).filter(changed_seq__gt=lowest).order_by("id")[: (STEPS + 1) * len(cursors)]
    ):
        if step.changed_seq > cursors[step.execution_id]:
            steps[step.execution_id].append(step)
    for event in Event.objects.filter(execution_id__in=cursors, seq__gt=lowest).select_related(
        "actor"
    )[:1000]:
        if event.seq > cursors[event.execution_id]:
            events[event.execution_id].append(event)
    return steps, events


def timed_steps(execution_id: uuid.UUID) -> list[Step]:
    """The newest steps with only what the timeline draws."""
    rows = Step.objects.filter(execution_id=execution_id).tasks().standing()
    rows = rows.only(
        "id",
        "execution_id",
        "path",
        "name",
        "kind",
        "status",
        "attempt",
        "started_at",
        "finished_at",
    )
    return list(rows.order_by("-id")[:STEPS])[::-1]


def forks(execution_id: uuid.UUID) -> frozenset[str]:
    """The paths of the steps that have branches."""
    rows = Step.objects.filter(execution_id=execution_id, kind__in=("fork", "for")).standing()
    # What a loop goes through may be long, so it is not read.
    rows = rows.annotate(said=Cast("control", TextField()))
    is_parallel = Q(kind="fork") | Q(said__contains='"parallel":')
    return frozenset(rows.filter(is_parallel).values_list("path", flat=True)[:STEPS])


def stopped_at(execution: Execution) -> frozenset[str]:
    """The paths of the steps at which a failed run stands, and of those around them."""
    if execution.phase != Phase.FAILED or not execution.current_step:
        return frozenset()
    around = [execution.current_step, *ancestors(execution.current_step)]
    rows = Step.objects.filter(execution=execution.pk, path__in=around, status="FAILED").standing()
    named = {path for step in rows.only("control") for path in Task.of(step).failed or ()}
    paths = named | {execution.current_step}
    return frozenset(paths | {above for path in paths for above in ancestors(path)})


def unfinished_steps(execution_id: uuid.UUID) -> list[Step]:
    """The steps that stand and run, wait or have failed, innermost first."""
    standing = Step.objects.standing().tasks().filter(status__in=(*OPEN_STATUSES, "FAILED"))
    rows = _steps(execution_id, rows=standing).prefetch_related(None)
    return sorted(rows.order_by("-id")[:STEPS], key=lambda step: step.path.count("/"), reverse=True)


def skipped_steps(execution_id: uuid.UUID) -> list[Step]:
    """One step that was skipped, where there is one: enough to know that not all were finished."""
    rows = Step.objects.standing().tasks().filter(execution_id=execution_id, status="SKIPPED")
    return list(rows.only("id", "status")[:1])


def events_after(execution_id: uuid.UUID, seq: int) -> list[Event]:
    """What happened since a page was rendered at ``seq``, the newest few."""
    rows = Event.objects.filter(execution_id=execution_id, seq__gt=seq).select_related("actor")
    return list(rows.order_by("-seq")[:5])


def value(execution_id: uuid.UUID, step_id: uuid.UUID, name: str) -> Any:
    """One whole value of a step; LookupError where there is no such step or value."""
    if name not in VALUES:
        raise LookupError(name)
    found = (
        Step.objects.filter(execution_id=execution_id, pk=step_id)
        .values_list(name, "control")
        .first()
    )
    if found is None or found[0] is None:
        raise LookupError(name)
    return late.shown(*found) if name == "arguments" else found[0]


def _shown(rows: QuerySet[Execution]) -> QuerySet[Execution]:
    return (
        rows.select_related(
            "workflow",
            "version",
            "instance",
            "agent",
            "agent_version",
            "agent_instance",
            "owner",
            "process",
        )
        .defer("input", "output", *TEXTS)
        .annotate(input_text=_beginning("input"), output_text=_beginning("output"))
    )


def _steps(*execution_ids: uuid.UUID, rows: QuerySet[Step] | None = None) -> QuerySet[Step]:
    beginnings = {f"{name}_text": _beginning(name) for name in VALUES}
    attempts = Prefetch("attempts", Attempt.objects.select_related("process").order_by("number"))
    questions = Ask.objects.select_related("reviewer").defer("form", "answers").order_by("-pk")
    rows = Step.objects.all() if rows is None else rows
    rows = rows.filter(execution_id__in=execution_ids).defer(
        "input", "arguments", "output", "context"
    )
    return rows.annotate(**beginnings).prefetch_related(attempts, Prefetch("asks", questions))


def _beginning(name: str) -> Substr:
    """Values may be a megabyte each: the database sends only what is shown."""
    return Substr(F(name), 1, SHOWN_CHARACTERS + 1, output_field=TextField())
