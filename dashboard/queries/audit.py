"""The audit trail of everybody, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass, field

from executions import audit as trail
from executions.audit.searching import Search, matching
from executions.in_time import in_time
from executions.models import AuditEntry

PAGE = 50


@dataclass(frozen=True, slots=True)
class Page:
    """``is_late``: it took too long."""

    rows: list[AuditEntry] = field(default_factory=list)
    has_more: bool = False
    is_late: bool = False

    @property
    def cursor(self) -> int:
        """The place where the next page begins."""
        return self.rows[-1].pk if self.rows else 0


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether the trail is whole, as far as the sweep has verified it."""

    known: trail.Findings
    problems: list[trail.Problem]
    acknowledged: list[trail.Acknowledged]


def page(search: Search, before: int | None) -> Page:
    """The newest first."""
    rows = matching(search)
    rows = rows if before is None else rows.filter(pk__lt=before)
    entries = in_time("audit", lambda: list(rows[: PAGE + 1]))
    return Page(is_late=True) if entries is None else Page(entries[:PAGE], len(entries) > PAGE)


def standing() -> Standing:
    problems, acknowledged = trail.open_problems()
    return Standing(trail.findings(), problems, acknowledged)
