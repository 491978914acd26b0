"""Keeping an event, once: the same source and id is the same event."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction

from executions import dispatch
from executions.correlation.envelope import Envelope, NoEvent, check_not_own
from executions.errors import Finding, NotStorable, Refused
from executions.ids import uuid7
from executions.models import CloudEvent
from executions.values import storable

MOST_IN_A_BATCH = 500


@dataclass(frozen=True, slots=True)
class Kept:
    """The result for an event: the id of its row, and whether it was known before."""

    key: uuid.UUID
    is_duplicate: bool


def check(envelopes: Sequence[Envelope]) -> None:
    """Raises Refused where one of them may not be kept."""
    if len(envelopes) > MOST_IN_A_BATCH:
        message = f"A batch has at most {MOST_IN_A_BATCH} events; this one has {len(envelopes)}."
        raise Refused("invalid", message, remedy="Send several batches.")
    findings = []
    for index, envelope in enumerate(envelopes):
        try:
            check_not_own(envelope)
            storable(envelope, limit_bytes=settings.STIGMER_VALUE_BYTES)
        except NoEvent as problem:
            findings.append(Finding(f"/{index}/{problem.key}", str(problem)))
        except NotStorable as problem:
            findings.append(Finding(f"/{index}", str(problem)))
    if findings:
        raise Refused(
            "invalid",
            "An event cannot be kept; none of them was.",
            remedy="Correct it, then send them again.",
            findings=findings,
        )


def keep(
    envelopes: Sequence[Envelope], owner_id: int, execution_id: uuid.UUID | None = None
) -> list[Kept]:
    """Keep these, in the transaction of the caller, or in one of its own; what each became.

    With ``execution_id`` they are signals to that run alone. Listeners are looked for once it is
    committed.
    """
    rows = [_row(envelope, owner_id, execution_id) for envelope in envelopes]
    with transaction.atomic():
        CloudEvent.objects.bulk_create(rows, ignore_conflicts=True)
        names = {(row.source, row.event_id) for row in rows}
        stored = CloudEvent.objects.filter(
            owner=owner_id,
            source__in={source for source, _ in names},
            event_id__in={event_id for _, event_id in names},
        )
        keys = {
            (source, event_id): key
            for key, source, event_id in stored.values_list("pk", "source", "event_id")
        }
        transaction.on_commit(dispatch.ring_for_events, robust=True)
    kept, seen = [], set()
    for row in rows:
        key = keys[row.source, row.event_id]
        kept.append(Kept(key, key != row.pk or key in seen))
        seen.add(key)
    return kept


def _row(envelope: Envelope, owner_id: int, execution_id: uuid.UUID | None) -> CloudEvent:
    return CloudEvent(
        id=uuid7(),
        owner_id=owner_id,
        execution_id=execution_id,
        type=envelope["type"],
        source=envelope["source"],
        event_id=envelope["id"],
        body=envelope,
    )
