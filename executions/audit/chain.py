"""The chain: what the hash of an entry covers, where the trail ends, and how an entry can be wrong.

A hash is an HMAC by the key that the entry names; entries of the time before keys have a plain
digest. The hash of the last entry is kept apart (a Turn), so that entries missing at the end show
as well.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC
from enum import StrEnum
from typing import Any

from django.db.models import Subquery
from pydantic import BaseModel, ConfigDict

from executions.audit import keys
from executions.models import AuditEntry, Turn
from executions.values import canonical, digest

CHAIN = "audit"


class How(StrEnum):
    """A fault of an entry."""

    EDITED = "edited"
    MISSING = "missing"
    INSERTED = "inserted"
    OUT_OF_ORDER = "out of order"
    FORKED = "forked"
    CUT_OFF = "cut off"
    UNSIGNED = "unsigned"
    UNKNOWN_KEY = "unknown key"
    UNGUARDED = "unguarded"


class Problem(BaseModel):
    """One thing that is wrong. ``entry`` is the entry at which it shows, 0 where there is none.

    ``seen`` stands for what was found there: whoever changes more finds another problem.
    """

    model_config = ConfigDict(frozen=True)

    entry: int
    how: How
    detail: str
    seen: str = ""

    @property
    def identity(self) -> tuple[int, str, str]:
        """The same for a problem that was met before."""
        return self.entry, str(self.how), self.seen


@dataclass(frozen=True, slots=True)
class End:
    """The end of the trail: the hash that is kept apart, and the last entry (0 where there is
    none).
    """

    head: str
    last_id: int
    last_hash: str


def link(entry: AuditEntry) -> str:
    """The hash that this entry has to have; empty where its key is not here.

    Raises KeyUnreadable.
    """
    if not entry.key:
        return digest(entry.previous_hash, covered(entry))
    key = keys.by_id(entry.key)
    return "" if key is None else sign(key, f"{entry.previous_hash}\n{canonical(covered(entry))}")


def sign(key: keys.Key, text: str) -> str:
    """HMAC-SHA256 (hex) of a text."""
    return hmac.new(key.secret, text.encode(), hashlib.sha256).hexdigest()


def covered(entry: AuditEntry) -> dict[str, Any]:
    """The fields that the hash of an entry covers: all of it but its number.

    In entries of the time before keys, a deletion emptied the references.
    """
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
    all_of_it = {
        **{name: getattr(entry, name) for name in names},
        "created_at": entry.created_at.astimezone(UTC).isoformat(),
    }
    if not entry.key:
        return all_of_it
    execution = None if entry.execution_id is None else str(entry.execution_id)
    return {**all_of_it, "key": entry.key, "actor": entry.actor_id, "execution": execution}


def end() -> End:
    """The end of the trail now.

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
    entry = row.first()
    return End("", 0, "") if entry is None else End(entry[0], entry[1] or 0, entry[2] or "")
