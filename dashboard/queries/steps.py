"""The steps of a run, as much of them as a page shows: a loop is counted, its rounds are read when
someone opens them.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import (
    Count,
    F,
    IntegerField,
    Max,
    Min,
    Q,
    QuerySet,
    TextField,
    Value,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Concat, StrIndex, Substr

from dashboard.trail import INPUT, is_round
from executions.models import Step
from executions.models.step import StepQuerySet
from executions.states import OPEN_STATUSES, StepStatus

ROUNDS = 100
# A loop with so few steps is shown as a whole.
SMALL = 24
_ONLY = {
    "failed": (StepStatus.FAILED,),
    "open": tuple(OPEN_STATUSES),
    "skipped": (StepStatus.SKIPPED,),
}


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop in figures: its steps, its rounds, and its rounds with a failed or an open step."""

    path: str
    steps: int
    rounds: int
    failed: int
    open: int
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def is_small(self) -> bool:
        return self.steps <= SMALL


@dataclass(frozen=True, slots=True)
class Round:
    """One round; ``number`` is its place in the list that the loop goes through, from 0."""

    path: str
    number: int
    steps: int
    failed: int
    open: int
    started_at: datetime | None
    finished_at: datetime | None


def loops(execution_id: uuid.UUID, inside: str = "") -> list[Loop]:
    """The loops below ``inside`` that lie in no other loop below it."""
    # The type checker does not see annotations that are made one after another.
    rows: Any = _below(execution_id, inside).standing()
    rest = Substr("path", len(inside) + 1, output_field=TextField())
    rows = rows.annotate(rest=rest).filter(rest__contains="/@")
    rows = rows.annotate(at=StrIndex("rest", Value("/@")))
    rows = rows.annotate(loop=Substr("rest", 1, F("at") - 1), tail=Substr("rest", F("at") + 2))
    rows = rows.annotate(number=_first_segment("tail"))
    per_loop = (
        rows.order_by().values("loop").annotate(**_numbers(), rounds=Count("number", distinct=True))
    )
    return [
        Loop(
            inside + row["loop"],
            row["steps"],
            row["rounds"],
            row["failed_rounds"],
            row["open_rounds"],
            row["since"],
            row["until"],
        )
        for row in per_loop
    ]


def rounds(
    execution_id: uuid.UUID,
    loop: str,
    *,
    after: int = -1,
    numbers: Collection[int] | None = None,
    only: str = "",
) -> tuple[list[Round], bool]:
    """The next rounds of a loop, ``only`` those with a step of a status, and whether more
    follow.
    """
    rows: Any = _below(execution_id, loop).standing()
    rows = rows.annotate(rest=Substr("path", len(loop) + 2, output_field=TextField()))
    rows = rows.filter(rest__startswith="@").annotate(tail=Substr("rest", 2))
    rows = rows.annotate(number=Cast(_first_segment("tail"), IntegerField()))
    rows = rows.filter(number__gt=after)
    if numbers is not None:
        rows = rows.filter(number__in=numbers)
    per_round = rows.order_by().values("number").annotate(**_numbers())
    if only in _ONLY:
        per_round = per_round.filter(
            **{"open_steps__gt" if only == "open" else "failed_steps__gt": 0}
        )
    read = list(per_round.order_by("number")[: ROUNDS + 1])
    shown = [
        Round(
            f"{loop}/@{row['number']}",
            row["number"],
            row["steps"],
            row["failed_steps"],
            row["open_steps"],
            row["since"],
            row["until"],
        )
        for row in read[:ROUNDS]
    ]
    return shown, len(read) > ROUNDS


def levels(
    rows: QuerySet[Step], execution_id: uuid.UUID, inside: Sequence[str], whole: Sequence[str] = ()
) -> QuerySet[Step]:
    """Of ``rows`` those of the run below one of ``inside`` and in no loop below that one, and all
    those below one of ``whole``.
    """
    rows = rows.filter(execution_id=execution_id)
    wanted = Q()
    for at, path in enumerate(inside):
        rest = Substr("path", len(path) + 1, output_field=TextField())
        rows = rows.annotate(**{f"rest_{at}": rest, f"head_{at}": _head(path)})
        flat = ~Q(**{f"rest_{at}__contains": "/@"}) | Q(path=INPUT)
        wanted |= flat & Q(**{f"head_{at}": f"{path}/"}) | Q(path=path) if path else flat
    for at, path in enumerate(whole):
        rows = rows.annotate(**{f"whole_{at}": _head(path)})
        wanted |= Q(**{f"whole_{at}": f"{path}/"})
    return rows.filter(wanted)


def matching(rows: QuerySet[Step], words: str, only: str) -> QuerySet[Step]:
    """Those whose name or path has all the words, in one of the statuses of ``only``."""
    if only in _ONLY:
        rows = rows.filter(status__in=_ONLY[only], superseded_by=None)
    for word in words.split()[:8]:
        rows = rows.filter(Q(name__icontains=word) | Q(path__icontains=word) | Q(kind=word.lower()))
    return rows


def around_these(paths: Sequence[str]) -> list[str]:
    """The rounds around these paths, each once."""
    enclosing: dict[str, None] = {}
    for path in paths:
        parts = path.split("/")
        for at, part in enumerate(parts):
            if is_round(part):
                enclosing["/".join(parts[: at + 1])] = None
    return list(enclosing)


def _below(execution_id: uuid.UUID, inside: str) -> StepQuerySet:
    rows = Step.objects.filter(execution_id=execution_id).tasks().exclude(path=INPUT)
    return rows.annotate(head=_head(inside)).filter(head=f"{inside}/") if inside else rows


def _head(path: str) -> Substr:
    # LIKE would take letters of another case for the same.
    return Substr("path", 1, len(path) + 1, output_field=TextField())


def _first_segment(name: str) -> Combinable:
    return Substr(name, 1, StrIndex(Concat(name, Value("/")), Value("/")) - 1)


def _numbers() -> dict[str, Any]:
    failed, is_open = Q(status=StepStatus.FAILED), Q(status__in=OPEN_STATUSES)
    return {
        "steps": Count("pk"),
        "failed_rounds": Count("number", distinct=True, filter=failed),
        "open_rounds": Count("number", distinct=True, filter=is_open),
        "failed_steps": Count("pk", filter=failed),
        "open_steps": Count("pk", filter=is_open),
        "since": Min("started_at"),
        "until": Max("finished_at"),
    }
