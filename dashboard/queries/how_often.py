"""How often each workflow or agent ran lately, and failed."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from django.db.models import Count, Q

from executions import policy
from executions.in_time import in_time
from executions.models import Agent, Workflow
from executions.states import Phase

# Of so many of the newest executions a list tells how many each workflow has: a page counts
# nothing that grows.
COUNTED = 10_000
Of = Literal["workflow", "agent"]
Row = TypeVar("Row", Workflow, Agent)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many of the newest executions run each workflow or agent, by its id.

    ``is_all``: there are no older ones.
    """

    runs: dict[uuid.UUID, int]
    failed: dict[uuid.UUID, int]
    is_all: bool


def counts(user: policy.Person, of: Of) -> Counts | None:
    """The counts of what this person may see; None where they could not be had in time."""
    return in_time(f"runs of each {of}", lambda: _counts(user, of))


def beside(rows: Sequence[Row], counts: Counts | None) -> list[tuple[Row, int | None, int | None]]:
    """Each row with how often it ran and failed; with None where that was not counted."""
    if counts is None:
        return [(row, None, None) for row in rows]
    return [(row, counts.runs.get(row.pk, 0), counts.failed.get(row.pk, 0)) for row in rows]


def _counts(user: policy.Person, of: Of) -> Counts:
    visible = policy.visible_executions(user)
    # The oldest that counts, found in an index: a join with the newest would read all rows.
    oldest = visible.order_by("-id").values_list("pk", flat=True)[COUNTED - 1 : COUNTED].first()
    newest = visible if oldest is None else visible.filter(pk__gte=oldest)
    rows = newest.order_by().values_list(f"{of}_id")
    listed = rows.annotate(runs=Count("pk"), failed=Count("pk", filter=Q(phase=Phase.FAILED)))
    runs, failed = {}, {}
    for key, all_of_it, failed_of_it in listed:
        if key is not None:
            runs[key], failed[key] = all_of_it, failed_of_it
    return Counts(runs, failed, is_all=oldest is None)
