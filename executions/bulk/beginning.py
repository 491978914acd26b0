"""Beginning a bulk run: which runs, frozen at this moment, and what is to be done to them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog
from django.contrib.auth.models import User

from executions import clock, policy
from executions.errors import Refused
from executions.models import BulkItem, BulkRun
from executions.models.execution import ExecutionQuerySet
from executions.models.transactions import atomic, persistent
from executions.roles import Rank, Role
from executions.said import Said
from executions.searching.search import Search
from executions.values import digest
from executions.verbs.calls import checked
from executions.verbs.row import LONGEST_REASON, Verb
from executions.verbs.rows import VERBS

# Above so many the person says the number, so that nobody means a hundred and does ten thousand.
SAID_ABOVE = 1_000
# Each of these is the same request once more: a double click, a client that tries again.
REPETITION = timedelta(seconds=10)
# How many executions one bulk run may be about.
MOST = 50_000
# How many executions a second it goes through at most, and how many work that starts begins with.
MOST_PER_SECOND = 200.0
START_PER_SECOND = 5.0
_AT_ONCE = 1_000
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Chosen:
    """A run, and the sequence at which it was seen."""

    execution_id: uuid.UUID
    seq: int


class Unconfirmed(Refused):
    """Very many are meant, and the person has not said how many."""

    def __init__(self, many: int) -> None:
        super().__init__(
            "conflict",
            f"{many:,} executions are meant. Say the number to go on.",
            remedy=f"Confirm with {many}.",
        )
        self.many = many


@dataclass(frozen=True, slots=True)
class Order:
    """The order of a person. ``what`` says in words which runs are meant, ``cause`` which one they
    share; ``said`` is the number that the person gave, None where none was asked for.
    """

    verb: Verb
    what: str
    cause: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    said: int | None = None


def verbs_for(user: User, *, owns: bool = False) -> list[Verb]:
    """The verbs that this person may use on many runs; ``owns``: they are the person's own."""
    role = _role(user, owns=owns)
    return [verb for verb in VERBS.values() if verb.in_bulk and role in verb.roles]


def _role(user: User, *, owns: bool) -> Role:
    rank = policy.rank(user)
    if rank in (Rank.ADMIN, Rank.VIEWER):
        return Role.ADMIN if rank is Rank.ADMIN else Role.VIEWER
    return Role.OWNER if owns else Role.SUPPORT


def needs_reason(user: User, verb: Verb) -> bool:
    """Whether this person has to say why, for runs of which some may be others'."""
    return verb.needs_reason_of(_role(user, owns=not policy.sees_everything(user)))


def _check_prepared(actor: User, order: Order) -> None:
    """The conditions of the verb are checked once, before any run. Raises Refused."""
    policy.check_may_change_things(actor)
    role = _role(actor, owns=not policy.sees_everything(actor))
    if needs_reason(actor, order.verb) and not order.reason.strip():
        raise Refused("invalid", "A reason is needed.", remedy="Say why, for the audit trail.")
    if order.verb.needs_log_in_of(role):
        policy.check_confirmed(actor, order.verb.name)


def verb_of(name: str) -> Verb:
    """The verb of this name. Raises Refused where it is none for many runs."""
    verb = next((each for each in VERBS.values() if each.slug == name), None)
    if verb is None or not verb.in_bulk:
        allowed = ", ".join(each.slug for each in VERBS.values() if each.in_bulk)
        raise Refused(
            "invalid",
            Said("There is no action “{name}” for several executions.", name=name[:40]),
            remedy=Said("Use one of {allowed}.", allowed=allowed),
        )
    return verb


def that_match(user: User, verb: Verb, searches: Iterable[Search]) -> ExecutionQuerySet:
    """The runs that fit all these searches and stand where the verb is possible at all."""
    rows = policy.visible_executions(user)
    for search in searches:
        rows = rows.matching(search, user.pk)
    return rows.filter(phase__in=verb.phases)


def begin_for_all(actor: User, order: Order, searches: Iterable[Search]) -> BulkRun:
    """For all that match now; what comes later is not meant. Raises Refused."""
    rows = that_match(actor, order.verb, searches).order_by("id").values_list("pk", "head_seq")
    chosen = [Chosen(key, seq) for key, seq in rows[: MOST + 1]]
    return begin(actor, order, chosen)


@persistent
def begin(actor: User, order: Order, chosen: Iterable[Chosen]) -> BulkRun:
    """For these. A second request for the same within seconds is answered with the first one.

    Raises Refused, and then nothing was begun.
    """
    verb, rows = order.verb, list(chosen)
    _check(order, len(rows))
    arguments = dict(order.arguments)
    _check_prepared(actor, order)
    checked(verb, arguments)
    with atomic():
        asked = _digest(order, rows)
        same = BulkRun.objects.of(actor).filter(digest=asked)
        earlier = same.filter(created_at__gte=clock.now() - REPETITION).first()
        if earlier is not None:
            return earlier
        bulk = BulkRun.objects.create(
            verb=verb.name,
            what=order.what[:500],
            cause=order.cause,
            arguments=arguments,
            reason=order.reason.strip()[:LONGEST_REASON],
            actor=actor,
            total=len(rows),
            digest=asked,
            rate=_first_rate(verb),
        )
        items = (BulkItem(bulk=bulk, execution_id=row.execution_id, seq=row.seq) for row in rows)
        BulkItem.objects.bulk_create(items, batch_size=_AT_ONCE)
    log.info("bulk run begun", bulk=bulk.public_id, verb=verb.name, total=bulk.total)
    return bulk


def _digest(order: Order, rows: Sequence[Chosen]) -> str:
    runs = [[row.execution_id.hex, row.seq] for row in rows]
    return digest("", [order.verb.name, dict(order.arguments), runs])


def _check(order: Order, many: int) -> None:
    if not many:
        raise Refused(
            "invalid",
            Said("There is nothing to {verb}.", verb=order.verb.name),
            remedy=Said("{only}.", only=order.verb.only or order.verb.summary),
        )
    if many > MOST:
        raise Refused(
            "invalid",
            Said(
                "More than {most:,} executions are meant; at most that many are done in one go.",
                most=MOST,
            ),
            remedy="Narrow the search, for example with after: or workflow:.",
        )
    if many > SAID_ABOVE and order.said != many:
        raise Unconfirmed(many)


def _first_rate(verb: Verb) -> float:
    """A verb that starts work begins slowly, so that a service that was just mended is not knocked
    over again; one that stops work need not.
    """
    return START_PER_SECOND if verb.goes_on else MOST_PER_SECOND
