"""What needs a person, for support and administrators: failed, set aside, silent, or waiting to be decided."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.db.models import Q

from dashboard.queries import executions
from dashboard.queries.executions import COUNT_CAP, PAGE, Page
from executions import policy

KINDS = {
    "": "All",
    "flagged": "Set aside",
    "failed": "Failed",
    "decision": "To be decided",
}
_FITS = {
    "flagged": Q(requires_manual_intervention=True),
    "failed": Q(phase="FAILED", requires_manual_intervention=False),
    "decision": Q(phase="WAITING", waiting_for="decision"),
}


@dataclass(frozen=True, slots=True)
class Count:
    """How many of one kind, counted to the cap."""

    kind: str
    word: str
    number: int


def page(user: policy.Person, kind: str, before: uuid.UUID | None) -> Page:
    """One page of the newest of this kind."""
    rows = _rows(user, kind)
    if before is not None:
        rows = rows.filter(id__lt=before)
    found = list(rows.order_by("-id")[: PAGE + 1])
    return Page(found[:PAGE], len(found) > PAGE)


def counts(user: policy.Person) -> list[Count]:
    return [
        Count(kind, word, _rows(user, kind).order_by().values("pk")[: COUNT_CAP + 1].count())
        for kind, word in KINDS.items()
    ]


def _rows(user: policy.Person, kind: str):  # type: ignore[no-untyped-def]
    rows = executions.visible(user)
    if kind:
        return rows.filter(_FITS[kind])
    needing = policy.visible_executions(user).needing_attention().values("pk")  # type: ignore[attr-defined]
    return rows.filter(Q(pk__in=needing) | _FITS["decision"])
