"""The verb on the runs that a run started: before its own lock, in the same transaction."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from executions.driving import stopping
from executions.errors import Refused
from executions.journal.decided import Child, Task
from executions.journal.paths import ancestors
from executions.models import Execution, Step
from executions.said import Said
from executions.states import Phase, StepStatus

Verb = Callable[[uuid.UUID], Any]


def down(execution_id: uuid.UUID, verb: Verb, phases: frozenset[Phase]) -> None:
    """Do it to each run in these phases that this one waits for.

    Raises Refused where one of them refuses it.
    """
    for child in stopping.awaited_children(execution_id).filter(phase__in=phases):
        _done(child, verb)


def to_failed(execution_id: uuid.UUID, verb: Verb) -> None:
    """Do it to the runs whose failure this one stands at, if it does: they go on, and their parent
    waits for them again.
    """
    failed = Step.objects.standing().filter(execution=execution_id, status=StepStatus.FAILED)
    current = Execution.objects.values_list("current_step", flat=True).get(pk=execution_id)
    around = failed.filter(path__in=[current, *ancestors(current)])
    paths = {current, *(path for step in around for path in Task.of(step).failed or ())}
    runs = failed.filter(kind__in=("call", "run"), path__in=paths)
    keys = [key for step in runs if (key := Child.of(step).child) is not None]
    children = stopping.awaited_children(execution_id).filter(phase=Phase.FAILED)
    for child in children.filter(pk__in=keys):
        _done(child, verb)


def _done(child: Execution, verb: Verb) -> None:
    try:
        verb(child.pk)
    except Refused as refused:
        # In another phase now: it moved on just now, and what it does is heard of.
        if refused.code != "wrong_phase":
            said = Said(
                "The run {run} that it started refuses this: {why}",
                run=child.public_id,
                why=refused.message,
            )
            raise Refused(refused.code, said, state=child.phase, remedy=refused.remedy) from refused
