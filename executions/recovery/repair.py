"""Mending what is not linked: workflows and agents whose default instance is missing, or is not
their own.

Each parent is mended in a transaction of its own, by the same piece that heals it when a run
starts.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F, Q

from executions.errors import Refused, StigmerError
from executions.intake import default_child
from executions.models import Agent, Workflow

KINDS = ("agents", "workflows")
EVERY_SECONDS = 60.0
MOST_PER_CHECK = 100
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Orphan:
    """One parent that is not linked to a default instance of its own.

    ``problem`` is empty where it was mended.
    """

    kind: str
    parent: str
    slug: str
    reason: str
    child: str = ""
    problem: str = ""


@dataclass(slots=True)
class RepairReport:
    """``found`` is every orphan; ``mended`` how many of them are whole now: none in a dry run."""

    dry_run: bool
    found: list[Orphan] = field(default_factory=list)

    @property
    def mended(self) -> int:
        return sum(bool(orphan.child) for orphan in self.found)


def repair(
    kinds: Sequence[str] = KINDS, dry_run: bool = False, *, most: int | None = None
) -> RepairReport:
    """Report, and unless ``dry_run`` mend, at most ``most`` orphans of each kind.

    Raises Refused for an unknown kind.
    """
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown:
        raise Refused(
            "invalid",
            f"Nothing named {unknown[0]!r} can be repaired.",
            remedy=f"Use {' or '.join(KINDS)}.",
        )
    report = RepairReport(dry_run)
    for kind in kinds:
        for parent in _orphans(kind, most):
            report.found.append(_looked_at(kind, parent) if dry_run else _mended(kind, parent))
    if report.found or most is None:
        log.info("repair done", found=len(report.found), mended=report.mended, dry_run=dry_run)
    return report


def _orphans(kind: str, most: int | None) -> Iterator[Workflow | Agent]:
    own = {"workflows": "workflow", "agents": "agent"}[kind]
    foreign = ~Q(**{f"default_instance__{own}": F("pk")})
    model: type[Workflow] | type[Agent] = Workflow if kind == "workflows" else Agent
    rows: Any = model._default_manager.filter(Q(default_instance=None) | foreign).order_by("pk")
    # A list: what is mended leaves the query's result while it is being read.
    yield from list(rows[:most])


def _looked_at(kind: str, parent: Workflow | Agent) -> Orphan:
    return Orphan(kind, parent.public_id, parent.slug, _reason(parent))


def _mended(kind: str, parent: Workflow | Agent) -> Orphan:
    reason = _reason(parent)
    log.warning(
        "default instance is not linked", parent=parent.public_id, slug=parent.slug, reason=reason
    )
    default: Any = (
        default_child.of_workflow(parent)
        if isinstance(parent, Workflow)
        else default_child.of_agent(parent)
    )
    try:
        with transaction.atomic():
            child = default_child.ensure(default)
    except StigmerError as problem:
        log.error(
            "default instance could not be mended", parent=parent.public_id, problem=str(problem)
        )
        return Orphan(kind, parent.public_id, parent.slug, reason, problem=str(problem))
    log.info(
        "default instance healed", parent=parent.public_id, slug=parent.slug, child=child.public_id
    )
    return Orphan(kind, parent.public_id, parent.slug, reason, child=child.public_id)


def _reason(parent: Workflow | Agent) -> str:
    if parent.default_instance_id is None:
        return "no default instance is linked"
    return "the linked default instance is gone or belongs to another"


class ConsistencyCheck:
    """The same, periodically and bounded, from the sweep.

    Every worker may do it: a parent is mended once.
    """

    def __init__(self, every_seconds: float = EVERY_SECONDS) -> None:
        self._every_seconds = every_seconds
        self._due_at = time.monotonic()

    def run_if_due(self) -> RepairReport | None:
        """None where it is not time yet."""
        if time.monotonic() < self._due_at:
            return None
        self._due_at = time.monotonic() + self._every_seconds
        return repair(most=MOST_PER_CHECK)
