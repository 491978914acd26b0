"""Carrying out bulk runs: a batch at a time, by whichever worker has it now."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

import structlog
from django.contrib.auth.models import User
from django.db import DatabaseError
from django.db.models import F, Q
from django.utils.text import Truncator

from executions import clock, policy
from executions.bulk import beginning
from executions.errors import Refused
from executions.models import BulkItem, BulkRun, Execution
from executions.models.bulk_run import BulkPhase, BulkRunQuerySet, ItemStatus
from executions.models.transactions import atomic, run_tx
from executions.states import Phase
from executions.verbs.calls import carry_out
from executions.verbs.deciding.take_back import standing_of, take_back
from executions.verbs.row import Verb
from executions.verbs.rows import VERBS

MOST_IN_A_BATCH = 50
# Well below the lease, so that nobody takes over what goes on.
LONGEST_BATCH_SECONDS = 3.0
REVIEW_SECONDS = 1.0
# So often the same cause has to come back before a bulk run stops by itself.
RETURNED_ENOUGH = 10
LONGEST_SAID = 500
FAULT = "It could not be done because of a fault in Stigmer, which the log tells in full."
# How long after its last item a bulk run can still be taken back.
UNDO = timedelta(seconds=10)
log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Pace:
    """How far a bulk run may go now, kept by the worker that drives it: a worker that takes it over
    begins with the rate that stands in the row.
    """

    allowed: float = 0.0
    at: float = field(default_factory=time.monotonic)
    reviewed_at: float = field(default_factory=time.monotonic)

    def many(self, rate: float) -> int:
        """How many items may be begun now."""
        now = time.monotonic()
        # Nothing is saved up while nobody drives it.
        self.allowed = min(self.allowed + rate * (now - self.at), max(1.0, rate))
        self.at = now
        return min(int(self.allowed), MOST_IN_A_BATCH)

    def is_review_due(self) -> bool:
        if time.monotonic() - self.reviewed_at < REVIEW_SECONDS:
            return False
        self.reviewed_at = time.monotonic()
        return True


class Driving:
    """Goes through the bulk runs that this process may work on, a batch of each in turn."""

    def __init__(self, process_id: uuid.UUID, is_closed: Callable[[], bool]) -> None:
        self._process_id = process_id
        self._is_closed = is_closed
        self._paces: dict[uuid.UUID, Pace] = {}

    def step(self) -> bool:
        """One batch of one bulk run; whether there is one under way."""
        bulk = run_tx(lambda: BulkRun.objects.take(self._process_id))
        if bulk is None:
            self._paces.clear()
            return False
        if bulk.phase == BulkPhase.STOPPED:
            self._take_back(bulk)
            return True
        pace = self._paces.setdefault(bulk.pk, Pace())
        many = pace.many(bulk.rate)
        pace.allowed -= self._try_some(bulk, many) if many else 0
        if not bulk.items.filter(status=ItemStatus.WAITING).exists():
            _end(bulk)
        elif pace.is_review_due() and VERBS[bulk.verb].goes_on:
            review(bulk)
        return True

    def _try_some(self, bulk: BulkRun, many: int) -> int:
        """How many items were tried."""
        waiting = bulk.items.filter(status=ItemStatus.WAITING).order_by("id")
        ends_at = time.monotonic() + LONGEST_BATCH_SECONDS
        tried = 0
        for item in waiting[:many]:
            if self._is_closed() or time.monotonic() > ends_at:
                break
            try_item(bulk, item)
            tried += 1
        return tried

    def _take_back(self, bulk: BulkRun) -> None:
        """Of what was done, what nothing has come of yet stands as before; newest first, as workers
        begin with the oldest.
        """
        bulk.items.filter(status=ItemStatus.WAITING).update(status=ItemStatus.LEFT)
        done = bulk.items.filter(status=ItemStatus.DONE, before__isnull=False, said="")
        batch = list(done.order_by("-id")[:MOST_IN_A_BATCH])
        for item in batch:
            take_item_back(bulk, item)
        if len(batch) < MOST_IN_A_BATCH:
            _end_stopped(bulk)


def try_in_place(bulk: BulkRun) -> None:
    """All of a small bulk run, now: who asked need not wait for a worker."""
    for item in bulk.items.filter(status=ItemStatus.WAITING).order_by("id"):
        try_item(bulk, item)
    _end(bulk)


def try_item(bulk: BulkRun, item: BulkItem) -> None:
    """Do the verb to one run and say what came of it, in one transaction."""
    with structlog.contextvars.bound_contextvars(correlation_id=bulk.public_id):
        try:
            run_tx(partial(_tried, bulk, item, VERBS[bulk.verb]))
        except DatabaseError:
            raise
        except Exception:
            # One run that cannot be handled must not keep the others waiting.
            log.exception("item of a bulk run failed", execution=str(item.execution_id))
            rows = BulkItem.objects.filter(pk=item.pk, status=ItemStatus.WAITING)
            rows.update(status=ItemStatus.REFUSED, said=FAULT, at=clock.now())


def _tried(bulk: BulkRun, item: BulkItem, verb: Verb) -> None:
    with atomic():
        mine = BulkItem.objects.filter(
            pk=item.pk, status=ItemStatus.WAITING, bulk__phase=BulkPhase.RUNNING
        )
        # Somebody else was faster, or the bulk run was stopped meanwhile.
        if not mine.update(status=ItemStatus.DONE, at=clock.now()):
            return
        done = BulkItem.objects.filter(pk=item.pk)
        execution = Execution.objects.filter(pk=item.execution_id).first()
        if execution is None:
            done.update(status=ItemStatus.REFUSED, said="It is gone.")
            return
        # The person who began the bulk run had logged in just before, where its verb asks for that.
        policy.confirm(bulk.actor, time.time())
        before = standing_of(execution) if execution.phase == Phase.FAILED else None
        try:
            carry_out(
                verb,
                item.execution_id,
                bulk.actor,
                bulk.arguments,
                expected_seq=item.seq,
                reason=bulk.reason,
            )
        except Refused as refused:
            said = Truncator(f"{refused.message} {refused.remedy}".strip()).chars(LONGEST_SAID)
            done.update(status=ItemStatus.REFUSED, said=said)
            return
        seq = Execution.objects.values_list("head_seq", flat=True).get(pk=item.execution_id)
        item.before, item.seq_after = before, seq
        item.status, item.at = ItemStatus.DONE, clock.now()
        item.save(update_fields=["before", "seq_after", "status", "at"])


def take_item_back(bulk: BulkRun, item: BulkItem) -> None:
    """Take one back, where no worker has begun it; else it says why it goes on."""
    by = bulk.stopped_by or bulk.actor
    try:
        assert item.seq_after is not None
        with structlog.contextvars.bound_contextvars(correlation_id=bulk.public_id):
            take_back(item.execution_id, by, bulk.verb, item.kept(), item.seq_after)
    except Refused as refused:
        began = "It had begun." if refused.code in ("stale", "wrong_phase") else refused.message
        BulkItem.objects.filter(pk=item.pk).update(said=began[:LONGEST_SAID])
    except Execution.DoesNotExist:
        BulkItem.objects.filter(pk=item.pk).update(said="It is gone.")
    else:
        BulkItem.objects.filter(pk=item.pk).update(status=ItemStatus.TAKEN_BACK)


def review(bulk: BulkRun) -> None:
    """Faster while runs get past where they stood; no further where the same cause came back."""
    done = bulk.items.filter(status=ItemStatus.DONE, seq_after__isnull=False)
    later = done.filter(execution__head_seq__gt=F("seq_after"))
    same = Q(execution__phase=Phase.FAILED)
    if bulk.cause:
        same &= Q(execution__cause=bulk.cause)
    returned = later.filter(same).count()
    went_on = Q(execution__last_checkpoint_at__gt=F("at")) | Q(execution__phase=Phase.COMPLETED)
    past = later.filter(went_on).exclude(same).count()
    if returned >= RETURNED_ENOUGH and returned > past:
        _hold(bulk, returned)
    elif past > returned:
        rate = min(bulk.rate * 2, beginning.MOST_PER_SECOND)
        _running(bulk).update(rate=rate)


def _hold(bulk: BulkRun, returned: int) -> None:
    with atomic():
        if not _running(bulk).update(phase=BulkPhase.HELD, ended_at=clock.now()):
            return
        bulk.items.filter(status=ItemStatus.WAITING).update(status=ItemStatus.LEFT)
        counts = bulk.counts()
        tried = bulk.total - counts[ItemStatus.LEFT]
        said = (
            f"Still failing: {tried:,} were tried, {returned:,} failed again,"
            f" {counts[ItemStatus.LEFT]:,} were left alone."
        )
        BulkRun.objects.filter(pk=bulk.pk).update(said=said)
    log.warning("bulk run held", bulk=bulk.public_id, returned=returned)


def _end(bulk: BulkRun) -> None:
    if bulk.items.filter(status=ItemStatus.WAITING).exists():
        return
    if _running(bulk).update(phase=BulkPhase.COMPLETED, ended_at=clock.now(), holder=None):
        log.info("bulk run completed", bulk=bulk.public_id, **bulk.counts())


def _end_stopped(bulk: BulkRun) -> None:
    counts = bulk.counts()
    said = (
        f"{counts[ItemStatus.TAKEN_BACK]:,} were taken back, {counts[ItemStatus.DONE]:,} had begun,"
        f" {counts[ItemStatus.LEFT]:,} were not tried."
    )
    stopped = BulkRun.objects.filter(pk=bulk.pk, phase=BulkPhase.STOPPED, ended_at=None)
    if stopped.update(said=said, ended_at=clock.now(), holder=None):
        log.info("bulk run stopped", bulk=bulk.public_id, **counts)


def _running(bulk: BulkRun) -> BulkRunQuerySet:
    return BulkRun.objects.filter(pk=bulk.pk, phase=BulkPhase.RUNNING)


def stop(bulk: BulkRun, by: User) -> bool:
    """Try no further item, and take back what nothing has come of; possible for a moment after the
    last item, too. False where it was too late. Raises Refused.
    """
    if by.pk != bulk.actor_id and not policy.is_admin(by):
        raise Refused(
            "forbidden",
            "Only who began a bulk run, or an administrator, may stop it.",
            remedy="Ask them.",
        )
    just_done = Q(phase=BulkPhase.COMPLETED, ended_at__gte=clock.now() - UNDO)
    rows = BulkRun.objects.filter(Q(phase=BulkPhase.RUNNING) | just_done, pk=bulk.pk)
    return bool(rows.update(phase=BulkPhase.STOPPED, stopped_by=by, ended_at=None))


def can_be_stopped(bulk: BulkRun) -> bool:
    """Whether :func:`stop` would do anything now."""
    if bulk.phase == BulkPhase.COMPLETED and bulk.ended_at is not None:
        return bulk.ended_at >= clock.now() - UNDO
    return bulk.phase == BulkPhase.RUNNING
