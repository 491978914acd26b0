"""Offering events to steps that listen: by who begins to listen, and by who finds a new event.

Functions that evaluate expressions run outside of every transaction; those that read and write are
small and are called through the store of the process.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.db.models import F, Q
from django.db.models.functions import Now

from executions import clock
from executions.correlation.envelope import Envelope
from executions.correlation.filters import Filter, expects, fit, shape_of
from executions.dispatch import ring_after_commit
from executions.models import CloudEvent, Delivery, Execution, Subscription
from executions.models.transactions import atomic
from executions.states import Phase

# So many earlier events are looked through for who begins to listen, the newest.
MOST_EARLIER = 10_000
CHUNK = 200
# More than so many that wake at once are left to the workers, which look for what is due.
MOST_BELLS = 50
# Different filters of one owner for one type; those beyond are not looked at.
MOST_SHAPES = 10_000
Call = Callable[[Callable[[], Any]], Any]


@dataclass(frozen=True, slots=True)
class Offer:
    """An event for a step: which of its filters it fits, each with the values that bind."""

    event_id: uuid.UUID
    fits: Mapping[str, Mapping[str, Any]]
    envelope: Envelope


# ------------------------------------------------------------------ who begins to listen


def register(execution: Execution, step_id: uuid.UUID, filters: Sequence[Filter]) -> None:
    """Write down what the step listens to, in the transaction of the caller. Again is no harm."""
    Subscription.objects.bulk_create(
        [
            Subscription(
                owner_id=execution.owner_id,
                execution_id=execution.pk,
                step_id=step_id,
                number=number,
                type=wanted["type"],
                shape=shape_of(wanted),
                expects=expects(wanted),
                filter=wanted,
            )
            for number, wanted in enumerate(filters)
        ],
        ignore_conflicts=True,
    )


def look_back(
    call: Call,
    execution: Execution,
    step_id: uuid.UUID,
    filters: Sequence[Filter],
    taken: Iterable[str],
    *,
    only_first: bool,
) -> None:
    """Offer the step what came before it listened, the oldest first.

    ``taken`` are events that it took already. ``only_first``: it needs one.
    """
    skipped = set(taken)
    marks = [(str(n), f, expects(f)) for n, f in enumerate(filters)]
    types = {wanted["type"] for wanted in filters}
    made: list[Delivery] = []
    for key, envelope in _earlier(call, execution, step_id, types):
        if key.hex in skipped:
            continue
        fits = _fits(marks, envelope, str(execution.owner_id))
        if fits:
            made.append(Delivery(event_id=key, step_id=step_id, fits=fits))
            if only_first:
                break
    for first in range(0, len(made), CHUNK):
        part = made[first : first + CHUNK]
        call(partial(Delivery.objects.bulk_create, part, ignore_conflicts=True))


def _fits(
    marks: Iterable[tuple[str, Filter, str]], envelope: Envelope, owner: str
) -> dict[str, dict[str, Any]]:
    fits = {}
    for number, wanted, expected in marks:
        each = fit(wanted, envelope, owner=owner)
        if each is not None and each.expected == expected:
            fits[number] = each.keys
    return fits


def _earlier(
    call: Call, execution: Execution, step_id: uuid.UUID, types: set[str]
) -> Iterator[tuple[uuid.UUID, Envelope]]:
    rows = CloudEvent.objects.heard_by(execution).kept()
    if "" not in types:
        rows = rows.filter(type__in=types)
    # The run has heard an event that one of its steps took, unless that was taken back.
    heard = Delivery.objects.filter(
        step__execution=execution.pk, step__superseded_by=None, consumed_at__isnull=False
    ).exclude(step=step_id)
    rows = rows.exclude(pk__in=heard.values("event"))

    def newest() -> list[uuid.UUID]:
        return list(rows.order_by("-id").values_list("pk", flat=True)[:MOST_EARLIER])

    keys = sorted(call(newest))
    for first in range(0, len(keys), CHUNK):
        part = keys[first : first + CHUNK]
        yield from call(partial(_bodies, part))


def _bodies(keys: Sequence[uuid.UUID]) -> list[tuple[uuid.UUID, Envelope]]:
    rows = CloudEvent.objects.filter(pk__in=keys, body__isnull=False).order_by("id")
    return [(row.pk, row.envelope) for row in rows]


def bodies(keys: Sequence[uuid.UUID]) -> dict[uuid.UUID, Envelope]:
    """The events of these keys; what is not kept any longer is left out."""
    return dict(_bodies(keys))


def waiting(step_id: uuid.UUID, most: int, but: Sequence[uuid.UUID]) -> list[Offer]:
    """The offers that the step has not looked at, in the order in which they came."""
    rows = Delivery.objects.filter(step=step_id, consumed_at=None, passed_at=None)
    rows = rows.filter(event__body__isnull=False).exclude(event__in=list(but))
    deliveries = rows.order_by("event_id").select_related("event")[:most]
    return [Offer(row.event_id, row.fits, row.event.envelope) for row in deliveries]


def is_offered(step_id: uuid.UUID) -> bool:
    return Delivery.objects.filter(step=step_id, consumed_at=None, passed_at=None).exists()


def take(
    step_id: uuid.UUID, taken: Sequence[uuid.UUID], passed: Sequence[uuid.UUID], *, is_over: bool
) -> None:
    """Write what the step took and what it passed over, in the transaction of the step; once it
    ``is_over`` it listens no more.
    """
    rows = Delivery.objects.filter(step=step_id)
    offered = rows.filter(event__in=list(taken))
    offered_keys = set(offered.values_list("event_id", flat=True))
    Delivery.objects.bulk_create(
        Delivery(event_id=key, step_id=step_id, consumed_at=clock.now())
        for key in taken
        if key not in offered_keys
    )
    offered.filter(consumed_at=None).update(consumed_at=Now())
    if is_over:
        Subscription.objects.filter(step=step_id).delete()
        rows.filter(consumed_at=None).delete()
    elif passed:
        rows.filter(event__in=list(passed)).update(passed_at=Now())


# ------------------------------------------------------------------ who finds a new event


@dataclass(slots=True)
class Listeners:
    """The offers to make."""

    offers: dict[tuple[uuid.UUID, uuid.UUID], dict[str, dict[str, Any]]] = field(
        default_factory=dict
    )
    runs: set[uuid.UUID] = field(default_factory=set)


def unmatched(most: int, but: Iterable[int] = ()) -> dict[int, list[CloudEvent]]:
    """Events for which nobody has looked who listens, by owner, the oldest first."""
    rows = CloudEvent.objects.to_be_matched().exclude(owner__in=but)
    by_owner: dict[int, list[CloudEvent]] = {}
    for event in rows.order_by("id")[:most]:
        by_owner.setdefault(event.owner_id, []).append(event)
    return by_owner


def who_listens(call: Call, owner_id: int, events: Sequence[CloudEvent]) -> Listeners:
    """The listeners that these events fit. All are events of this owner."""
    listeners = Listeners()
    with_body = [event for event in events if event.body is not None]
    for kind in sorted({"", *(event.type for event in with_body)}):
        of_kind = [event for event in with_body if kind in ("", event.type)]
        for shape, example in call(partial(_shapes, owner_id, kind)):
            fitting: dict[str, list[tuple[CloudEvent, dict[str, Any]]]] = {}
            for event in of_kind:
                each = fit(example, event.envelope, owner=str(owner_id))
                if each is not None:
                    fitting.setdefault(each.expected, []).append((event, each.keys))
            if fitting:
                rows = call(partial(_listeners, owner_id, kind, shape, list(fitting)))
                _add(listeners, fitting, rows)
    return listeners


def _add(
    listeners: Listeners,
    fitting: Mapping[str, Sequence[tuple[CloudEvent, dict[str, Any]]]],
    rows: Iterable[tuple[str, uuid.UUID, uuid.UUID, int]],
) -> None:
    for expected, step_id, execution_id, number in rows:
        for event, keys in fitting[expected]:
            # A signal is for its run alone.
            if event.execution_id in (None, execution_id):
                listeners.offers.setdefault((event.pk, step_id), {})[str(number)] = keys
                listeners.runs.add(execution_id)


def _shapes(owner_id: int, kind: str) -> list[tuple[str, Filter]]:
    """Each shape once, with an example: by jumps in the index, however many listen."""
    rows = Subscription.objects.filter(owner=owner_id, type=kind).order_by("shape")
    shapes: list[tuple[str, Filter]] = []
    last = ""
    while len(shapes) < MOST_SHAPES:
        row = rows.filter(shape__gt=last).values_list("shape", "filter").first()
        if row is None:
            break
        shapes.append(row)
        last = row[0]
    return shapes


def _listeners(
    owner_id: int, kind: str, shape: str, expected: Sequence[str]
) -> list[tuple[str, uuid.UUID, uuid.UUID, int]]:
    rows = Subscription.objects.open().filter(
        owner=owner_id, type=kind, shape=shape, expects__in=list(expected)
    )
    return list(rows.values_list("expects", "step", "execution", "number"))


def hand_out(events: Sequence[CloudEvent], listeners: Listeners) -> int:
    """Write the offers, wake who listens, and say that these events were looked at: one
    transaction.

    Of several workers that found the same, one writes. How many were offered something.
    """
    with atomic():
        free = CloudEvent.objects.to_be_matched().filter(pk__in=[event.pk for event in events])
        if not free.update(matched_at=Now()):
            return 0
        rows = [
            Delivery(event_id=event_id, step_id=step_id, fits=fits)
            for (event_id, step_id), fits in listeners.offers.items()
        ]
        for first in range(0, len(rows), CHUNK):
            Delivery.objects.bulk_create(rows[first : first + CHUNK], ignore_conflicts=True)
        wake(sorted(listeners.runs))
    return len(listeners.runs)


def wake(keys: Sequence[uuid.UUID]) -> None:
    """The offers to these runs are to be looked at: by their drivers, or now."""
    for first in range(0, len(keys), CHUNK):
        part = keys[first : first + CHUNK]
        Execution.objects.filter(pk__in=part).update(inbox=F("inbox") + 1)
        waiting_now = Execution.objects.filter(
            Q(wake_at=None) | Q(wake_at__gt=Now()), pk__in=part, phase=Phase.WAITING
        )
        waiting_now.update(wake_at=Now(), rung_at=None)
    if len(keys) <= MOST_BELLS:
        for row in Execution.objects.filter(pk__in=keys).values_list("pk", "queue", "owner_id"):
            _ring(*row)


def _ring(key: uuid.UUID, queue: str, owner_id: int) -> None:
    ring_after_commit(key, lambda: queue, owner_id)
