"""Which runs go together: a run with the runs that it started, and all runs of a conversation. A
family goes as a whole or stays as a whole.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence

from executions.models import Execution
from executions.retention.rules import Cutoff

# A family larger than this stays: it would be one transaction.
LARGEST = 1_000


def due(cutoffs: Sequence[Cutoff], after: uuid.UUID | None, most: int) -> Iterator[list[uuid.UUID]]:
    """Families of which all members may go; the oldest first, behind ``after``, so many looked at
    together.
    """
    seen: set[uuid.UUID] = set()
    while candidates := _candidates(cutoffs, after, most):
        alone = loners(candidates)
        for key in candidates:
            if key in seen:
                continue
            members = [key] if key in alone else family(key)
            seen.update(members)
            if key in alone or (len(members) <= LARGEST and _may_all_go(members, cutoffs)):
                yield members
        after = candidates[-1]


def loners(keys: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """Those that nobody started and that started nobody, in no conversation: most are."""
    rows = Execution.objects.filter(pk__in=keys, parent=None, session=None)
    parents = Execution.objects.filter(parent__in=keys).values_list("parent_id", flat=True)
    return set(rows.values_list("pk", flat=True)) - set(parents)


def _candidates(cutoffs: Sequence[Cutoff], after: uuid.UUID | None, most: int) -> list[uuid.UUID]:
    keys: list[uuid.UUID] = []
    for cutoff in cutoffs:
        rows = cutoff.rows() if after is None else cutoff.rows().filter(pk__gt=after)
        keys += rows.values_list("pk", flat=True)[:most]
    return sorted(keys)[:most]


def family(key: uuid.UUID) -> list[uuid.UUID]:
    """All runs that belong together with this one, itself included, sorted."""
    members: set[uuid.UUID] = set()
    new = {key}
    while new and len(members) <= LARGEST:
        members |= new
        rows = Execution.objects.filter(pk__in=new).values_list("parent_id", "session_id")
        parents: set[uuid.UUID | None] = set()
        sessions: set[uuid.UUID | None] = set()
        for parent, session in rows:
            parents.add(parent)
            sessions.add(session)
        relatives = set(Execution.objects.filter(parent__in=new).values_list("pk", flat=True))
        sessions.discard(None)
        if sessions:
            relatives |= set(
                Execution.objects.filter(session__in=sessions).values_list("pk", flat=True)
            )
        relatives |= {parent for parent in parents if parent is not None}
        new = relatives - members
    return sorted(members)


def _may_all_go(members: Sequence[uuid.UUID], cutoffs: Sequence[Cutoff]) -> bool:
    remaining = set(members)
    for cutoff in cutoffs:
        remaining -= set(cutoff.rows().filter(pk__in=remaining).values_list("pk", flat=True))
        if not remaining:
            return True
    return False
