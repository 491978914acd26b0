"""A parcel is sent as one: an event of a run, or notices that are told together."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Count, QuerySet
from django.db.models.functions import Now

from executions.ids import uuid7
from executions.models import Channel, Sending

# So many messages of a line are looked at; so many of a lot are loaded, what is more is counted.
LOOKED_AT = 200
SHOWN = 20
# If more things than this are to be told at one time, one message tells them all.
APART = 3


@dataclass(frozen=True, slots=True)
class Lot:
    """Messages about one thing: the newest of them, and how many there are."""

    rows: tuple[Sending, ...]
    count: int


@dataclass(frozen=True)
class Parcel:
    """The contents of one try. ``key`` is the same at each try; ``others`` counts messages about
    further things.
    """

    first: Sending
    lots: tuple[Lot, ...]
    others: int = 0

    @cached_property
    def key(self) -> str:
        parcel = self.first.parcel
        return str(self.first.body.get("id") or self.first.key) if parcel is None else parcel.hex

    @cached_property
    def count(self) -> int:
        return self.others + sum(lot.count for lot in self.lots)

    def messages(self) -> QuerySet[Sending]:
        """Its rows that still wait."""
        rows = Sending.objects.waiting()
        if self.first.parcel is None:
            return rows.filter(pk=self.first.pk)
        return rows.filter(channel=self.first.channel_id, parcel=self.first.parcel)


def heads(channel: Channel, most: int) -> list[Parcel]:
    """One by one: the first message of each run, where its time has come; later ones of the run
    wait for it.
    """
    waiting = channel.sendings.waiting()
    held = waiting.filter(due_at__gt=Now()).values("execution")
    rows: dict[Any, Sending] = {}
    for row in waiting.exclude(execution__in=held).order_by("pk")[:LOOKED_AT]:
        rows.setdefault(row.execution_id or row.pk, row)
    return [Parcel(row, (Lot((row,), 1),)) for row in list(rows.values())[:most]]


def gathered(channel: Channel, most: int) -> list[Parcel]:
    """Together: what was tried before goes again as it was; then all that waits about one thing,
    as soon as some of it is due, and all things in one where they are many.
    """
    due = channel.sendings.waiting().filter(due_at__lte=Now())
    tried = due.exclude(parcel=None).order_by("due_at").values_list("parcel", flat=True)
    keys = [key for key in dict.fromkeys(tried[:LOOKED_AT]) if key is not None][:most]
    if len(keys) < most:
        groups = due.filter(parcel=None).order_by("pk").values_list("group", flat=True)
        keys += _stamped(channel, list(dict.fromkeys(groups)))[: most - len(keys)]
    made = (_parcel(channel, key) for key in keys)
    return [parcel for parcel in made if parcel is not None]


def _stamped(channel: Channel, groups: Sequence[str]) -> list[uuid.UUID]:
    """New parcels of what waits in these groups, due or not."""
    made = []
    together = [list(groups)] if len(groups) > APART else [[group] for group in groups]
    for names in together:
        key = uuid7()
        waiting = channel.sendings.waiting().filter(parcel=None, group__in=names)
        if waiting.update(parcel=key, due_at=Now()):
            made.append(key)
    return made


def _parcel(channel: Channel, key: uuid.UUID) -> Parcel | None:
    rows = channel.sendings.waiting().filter(parcel=key)
    counts = Counter(dict(_counted(rows)))
    lots = [
        Lot(tuple(rows.filter(group=group).order_by("-pk")[:SHOWN]), count)
        for group, count in counts.most_common(SHOWN)
    ]
    if not lots:
        return None
    first = min((lot.rows[-1] for lot in lots), key=lambda row: row.pk)
    return Parcel(first, tuple(lots), counts.total() - sum(lot.count for lot in lots))


def _counted(rows: QuerySet[Sending]) -> list[tuple[str, int]]:
    counted = rows.order_by().values("group").annotate(many=Count("pk"))
    return [(row["group"], row["many"]) for row in counted]
