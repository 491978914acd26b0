"""Bulk runs and their items, as pages show them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User

from executions import policy
from executions.bulk.reading import visible
from executions.models import BulkItem, BulkRun, Execution
from executions.models.bulk_run import ItemStatus

__all__ = ["page", "shown", "visible"]
PAGE = 50


@dataclass(frozen=True, slots=True)
class Page:
    rows: Sequence[BulkRun]
    has_more: bool

    @property
    def cursor(self) -> str:
        return self.rows[-1].public_id if self.rows else ""


@dataclass(frozen=True, slots=True)
class Line:
    """An item; ``execution`` is None where the person may not see the run (any more)."""

    item: BulkItem
    execution: Execution | None


@dataclass(frozen=True, slots=True)
class Shown:
    """``counts`` are those of all items; ``lines`` the page of those in ``status`` (empty: all)."""

    counts: Mapping[str, int]
    tried: int
    lines: Sequence[Line]
    status: str
    next_after: int


def page(user: User, before: uuid.UUID | None) -> Page:
    rows = visible(user)
    rows = rows.filter(pk__lt=before) if before is not None else rows
    bulk_runs = list(rows.order_by("-id")[: PAGE + 1])
    return Page(bulk_runs[:PAGE], len(bulk_runs) > PAGE)


def shown(user: User, bulk: BulkRun, status: str, after: int) -> Shown:
    """One page of the items; what was refused comes first where no status is asked for."""
    counts = bulk.counts()
    chosen = status if status in counts else ""
    rows = bulk.items.filter(id__gt=after).order_by("id")
    rows = rows.filter(status=chosen) if chosen else rows
    items = list(rows[: PAGE + 1])
    keys = [item.execution_id for item in items[:PAGE]]
    seen = policy.visible_executions(user).filter(pk__in=keys)
    runs = {row.pk: row for row in seen.defer("input", "output", "error")}
    lines = [Line(item, runs.get(item.execution_id)) for item in items[:PAGE]]
    next_after = items[PAGE - 1].pk if len(items) > PAGE else 0
    return Shown(counts, bulk.total - counts[ItemStatus.WAITING], lines, chosen, next_after)
