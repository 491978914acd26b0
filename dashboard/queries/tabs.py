"""The records that the tabs of an execution show beside its journal, each bounded."""

from __future__ import annotations

import uuid
from functools import lru_cache

from django.utils import translation

from dashboard.graph.layers import Drawing, draw
from dashboard.graph.nodes import graph_of
from executions import language as definition
from executions.models import AuditEntry, Event, Execution, Step, WorkflowVersion

STEPS = 10_000
ENTRIES = 200


def drawing(execution: Execution) -> Drawing | None:
    """The execution's own version as a graph; None for an agent's run, which follows no
    definition.
    """
    return None if execution.version_id is None else drawing_of(execution.version_id)


def drawing_of(version_id: uuid.UUID) -> Drawing:
    """The version as a graph, with its words in the reader's language."""
    return _drawn(version_id, translation.get_language())


@lru_cache(maxsize=64)
def _drawn(version_id: uuid.UUID, language: str | None) -> Drawing:
    """Versions never change, so that each is laid out once in each language."""
    document = WorkflowVersion.objects.values_list("document", flat=True).get(pk=version_id)
    with translation.override(language):
        return draw(graph_of(definition.load(document)))


def standing(execution: Execution) -> list[tuple[str, str]]:
    """Path and status of the steps that stand, the newest few thousand, oldest first."""
    rows = Step.objects.filter(execution=execution).standing().tasks().order_by("-id")
    return list(rows.values_list("path", "status")[:STEPS])[::-1]


def events(execution: Execution, before: int | None) -> tuple[list[Event], bool]:
    """One page of the history, newest first, and whether there is more."""
    rows = Event.objects.filter(execution=execution).select_related("actor").order_by("-seq")
    entries = list((rows if before is None else rows.filter(seq__lt=before))[: ENTRIES + 1])
    return entries[:ENTRIES], len(entries) > ENTRIES


def audit(execution: Execution) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(execution=execution).order_by("-id")[:ENTRIES])
