"""One execution's page: the row, its journal, its history, each bounded."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, Prefetch, QuerySet, TextField
from django.db.models.functions import Substr

from dashboard.queries import steps as step_queries
from dashboard.queries.executions import TEXTS
from dashboard.values import SHOWN_CHARACTERS
from executions import policy
from executions.journal.decided import Task
from executions.journal.paths import ancestors
from executions.language.walking import late
from executions.models import Artifact, Ask, Attempt, Event, Execution, Step
from executions.roles import Role
from executions.states import OPEN_STATUSES, Phase

STEPS = 200
SPANS = 1000
EVENTS = 200
CHILDREN = 20
VALUES = ("input", "arguments", "output", "error")


def one(user: policy.Person, execution_id: uuid.UUID) -> Execution | None:
    """The execution, or None where it is missing or not for this user: the two look the same."""
    return _shown(policy.visible_executions(user)).filter(pk=execution_id).first()


def reread(execution_ids: list[uuid.UUID]) -> dict[uuid.UUID, Execution]:
    """Executions whose readers were asked before (``one``), as they stand now."""
    return {row.pk: row for row in _shown(Execution.objects.filter(pk__in=execution_ids))}


def events_of(execution: Execution) -> list[Event]:
    """Its newest events."""
    rows = Event.objects.filter(execution_id=execution.pk).select_related("actor")
    return list(rows.order_by("-seq")[:EVENTS])


def children(execution_id: uuid.UUID) -> tuple[list[Execution], bool]:
    """The newest runs that it started, and whether there are more."""
    rows = Execution.objects.filter(parent=execution_id).order_by("-id")
    runs = list(
        rows.only("id", "kind", "name", "phase", "created_at", "is_awaited")[: CHILDREN + 1]
    )
    return runs[:CHILDREN], len(runs) > CHILDREN


def forks_of(execution: Execution, role: Role) -> list[Execution]:
    """The newest runs that were forked from it, as far as this role may see them."""
    rows = Execution.objects.filter(forked_from=execution.pk).order_by("-id")
    if role not in (Role.SUPPORT, Role.ADMIN):
        rows = rows.filter(owner=execution.owner_id)
    return list(rows.only("id", "kind", "name", "phase", "created_at", "forked_seq")[:CHILDREN])


def some_steps(
    execution_id: uuid.UUID,
    inside: Sequence[str],
    whole: Sequence[str],
    *,
    before: uuid.UUID | None = None,
) -> tuple[list[Step], bool]:
    """The newest steps below one of ``inside`` (and in no loop there) or below one of ``whole``,
    in the order of time, and whether there are older ones.
    """
    rows = step_queries.levels(_steps(execution_id), execution_id, inside, whole)
    if before is not None:
        rows = rows.filter(id__lt=before)
    read = list(rows.order_by("-id")[: STEPS + 1])
    return read[:STEPS][::-1], len(read) > STEPS


def matching_steps(execution_id: uuid.UUID, words: str, only: str) -> tuple[list[Step], bool]:
    """The newest steps that match a search, in the order of time, and whether there are more."""
    rows = step_queries.matching(_steps(execution_id, rows=Step.objects.tasks()), words, only)
    read = list(rows.order_by("-id")[: STEPS + 1])
    return read[:STEPS][::-1], len(read) > STEPS


def steps_at(execution_id: uuid.UUID, paths: Collection[str], status: str) -> list[Step]:
    """The steps of this status that stand at these paths, with little more than their paths."""
    rows = Step.objects.filter(execution_id=execution_id, path__in=paths, status=status)
    rows = rows.standing().tasks()
    return list(rows.only("id", "path", "name", "execution_id").order_by("id")[:CHILDREN])


def one_step(execution_id: uuid.UUID, step_id: uuid.UUID) -> Step | None:
    """A step with all that its row shows; None where there is none."""
    return _steps(execution_id).filter(pk=step_id).first()


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


def spans(execution_id: uuid.UUID, but: Collection[str]) -> list[tuple[datetime, datetime | None]]:
    """When the newest steps began and ended, without those of some kinds."""
    rows = Step.objects.filter(execution_id=execution_id, started_at__isnull=False)
    rows = rows.standing().tasks().exclude(kind__in=but)
    read = rows.order_by("-id").values_list("started_at", "finished_at")[:SPANS]
    return [(since, until) for since, until in read if since is not None]


def forks(execution_id: uuid.UUID) -> frozenset[str]:
    """The paths of the steps that have branches. Rounds of a loop are known by their paths."""
    rows = Step.objects.filter(execution_id=execution_id, kind="fork").standing()
    return frozenset(rows.values_list("path", flat=True)[:SPANS])


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
    """The events since a page was rendered at ``seq``, the newest few."""
    rows = Event.objects.filter(execution_id=execution_id, seq__gt=seq).select_related("actor")
    return list(rows.order_by("-seq")[:5])


def value(execution_id: uuid.UUID, step_id: uuid.UUID, name: str) -> Any:
    """One whole value of a step; LookupError where there is no such step or value."""
    if name not in VALUES:
        raise LookupError(name)
    row = (
        Step.objects.filter(execution_id=execution_id, pk=step_id)
        .values_list(name, "control")
        .first()
    )
    if row is None or row[0] is None:
        raise LookupError(name)
    return late.shown(*row) if name == "arguments" else row[0]


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
            "workspace",
            "occurrence",
        )
        .defer("input", "output", *TEXTS)
        .annotate(
            input_text=_beginning("input"),
            output_text=_beginning("output"),
            has_artifacts=Exists(Artifact.objects.filter(execution=OuterRef("pk"))),
        )
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
