"""The filters of the trail, for every door that lists or exports it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from executions.ids import parse_public_id
from executions.models import AuditEntry


@dataclass(frozen=True, slots=True)
class Search:
    """An empty value is no filter; all that are given have to fit.

    ``who`` is a user name, ``what`` a verb, ``about`` the id of a run or whatever else an entry is
    about, ``outcome`` done, refused or failed. ``since`` is inclusive, ``until`` is not.
    """

    who: str = ""
    what: str = ""
    about: str = ""
    outcome: str = ""
    since: datetime | None = None
    until: datetime | None = None


def matching(search: Search) -> QuerySet[AuditEntry]:
    """The newest first."""
    rows = AuditEntry.objects.order_by("-id")
    if search.who:
        rows = rows.filter(actor_name=search.who)
    if search.what:
        rows = rows.filter(verb=search.what)
    if search.about:
        key = parse_public_id(search.about, "wex", "aex")
        is_it = {"subject": search.about} if key is None else {"execution_id": key}
        rows = rows.filter(**is_it)
    if search.outcome:
        rows = rows.filter(outcome=search.outcome)
    if search.since is not None:
        rows = rows.filter(created_at__gte=search.since)
    if search.until is not None:
        rows = rows.filter(created_at__lt=search.until)
    return rows


def verbs() -> list[str]:
    """Every verb that an entry has."""
    rows = AuditEntry.objects.order_by("verb").values_list("verb", flat=True)
    return list(rows.distinct())
