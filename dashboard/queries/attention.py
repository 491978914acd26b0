"""What needs a person, for support and administrators: failed, set aside, silent, or waiting to be
decided.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.db.models import QuerySet

from dashboard.queries import executions
from dashboard.queries.executions import COUNT_CAP, LIST_SECONDS, PAGE, Page
from dashboard.queries.in_time import in_time
from executions import policy
from executions.models import Execution
from executions.models.matching import ATTENTION

KINDS = {"": "All", **{name: kind.word for name, kind in ATTENTION.items()}}


@dataclass(frozen=True, slots=True)
class Count:
    """How many of one kind, counted to the cap; None where that took too long."""

    kind: str
    word: str
    number: int | None


def page(user: policy.Person, kind: str, before: uuid.UUID | None) -> Page:
    """One page of the newest of this kind."""
    rows = _rows(user, kind)
    if before is not None:
        rows = rows.filter(id__lt=before)
    found = in_time("attention", lambda: list(rows.order_by("-id")[: PAGE + 1]), LIST_SECONDS)
    return Page(is_late=True) if found is None else Page(found[:PAGE], len(found) > PAGE)


def counts(user: policy.Person) -> list[Count]:
    return [Count(kind, word, _counted(user, kind)) for kind, word in KINDS.items()]


def _counted(user: policy.Person, kind: str) -> int | None:
    rows = _rows(user, kind).order_by().values("pk")
    return in_time(f"attention {kind}", lambda: rows[: COUNT_CAP + 1].count())


def _rows(user: policy.Person, kind: str) -> QuerySet[Execution]:
    return executions.visible(user).needing_attention(kind)
