"""The chain: what the hash of an entry covers, where the trail ends, and how an entry can be wrong.

The hash of the last entry is kept apart (a Turn), so that entries missing at the end show as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from enum import StrEnum
from typing import Any

from django.db.models import Subquery
from pydantic import BaseModel, ConfigDict

from executions.models import AuditEntry, Turn
from executions.values import digest

CHAIN = "audit"


class How(StrEnum):
    """What is wrong with an entry."""

    EDITED = "edited"
    MISSING = "missing"
    INSERTED = "inserted"
    OUT_OF_ORDER = "out of order"


class Problem(BaseModel):
    """One thing that is wrong. ``entry`` is the entry at which it shows, 0 where there is none."""

    model_config = ConfigDict(frozen=True)

    entry: int
    how: How
    detail: str


@dataclass(frozen=True, slots=True)
class End:
    """Where the trail ends: the hash that is kept apart, and the last entry (0 where there is
    none).
    """

    head: str
    last_id: int
    last_hash: str


def link(entry: AuditEntry) -> str:
    """The hash that this entry has to have."""
    return digest(entry.previous_hash, covered(entry))


def covered(entry: AuditEntry) -> dict[str, Any]:
    """What the hash of an entry covers: all of it but the references that a deletion empties."""
    names = (
        "actor_name",
        "verb",
        "subject",
        "outcome",
        "before",
        "after",
        "reason",
        "correlation_id",
    )
    return {
        **{name: getattr(entry, name) for name in names},
        "created_at": entry.created_at.astimezone(UTC).isoformat(),
    }


def end() -> End:
    """Where the trail ends now.

    One statement reads both, so that an entry written meanwhile does not part them.
    """
    head = Turn.objects.filter(pk=CHAIN).values("value")
    last = (
        AuditEntry.objects.order_by("-id")
        .annotate(head=Subquery(head))
        .values_list("head", "id", "hash")
        .first()
    )
    if last is not None:
        return End(last[0] or "", last[1], last[2])
    newest = AuditEntry.objects.order_by("-id")
    row = Turn.objects.filter(pk=CHAIN).values_list(
        "value", Subquery(newest.values("id")[:1]), Subquery(newest.values("hash")[:1])
    )
    found = row.first()
    return End("", 0, "") if found is None else End(found[0], found[1] or 0, found[2] or "")
