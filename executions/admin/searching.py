"""Searching by the ids that people copy from a page or a log."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from executions.ids import parse_public_id

# The prefixes of public ids, each with its look-up from an execution.
EXECUTION_IDS = {
    "wex": "pk",
    "aex": "pk",
    "wfl": "workflow_id",
    "win": "instance_id",
    "agt": "agent_id",
    "ain": "agent_instance_id",
    "ses": "session_id",
}


def by_public_id(rows: QuerySet[Any], text: str, lookups: dict[str, str]) -> QuerySet[Any] | None:
    """The rows that the public ids in ``text`` name; None where it is no list of such ids."""
    condition = Q()
    words = text.split()
    for word in words:
        lookup = lookups.get(word.partition("-")[0].lower())
        value = parse_public_id(word.lower(), *lookups)
        if lookup is None or value is None:
            return None
        condition |= Q(**{lookup: value})
    return rows.filter(condition) if words else None
