"""The audit trail: who did what to what, before and after, with what outcome.

Each entry covers the one before it.

Written in the transaction of what it tells of, as its last statement: the chain's lock is held
until that transaction ends, and nobody who holds it waits for an execution.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import Any

import structlog
from django.contrib.auth.models import User

from executions import clock
from executions.audit import keys
from executions.audit.chain import CHAIN, link
from executions.models import AuditEntry, Execution, Turn
from executions.models.transactions import atomic
from executions.values import digest

SYSTEM = "system"
NOBODY = "(unknown)"
DONE = "done"
REFUSED = "refused"
FAILED = "failed"
# The entry of the system itself where the end of the trail was changed past it.
GO_ON = "go on after a break"
REPETITION = timedelta(seconds=10)
# In ``after`` of what was done: a digest of what it was asked for with.
ASKED = "asked"
_asked: ContextVar[str] = ContextVar("asked", default="")


def state(execution: Execution) -> dict[str, Any]:
    """The columns of an execution that an entry keeps before and after a verb."""
    return {
        "phase": str(execution.phase),
        "seq": execution.head_seq,
        "step": execution.current_step,
        "retry_count": execution.retry_count,
        "failure_reason": execution.failure_reason,
        "requires_manual_intervention": execution.requires_manual_intervention,
    }


def record(
    verb: str,
    execution: Execution,
    actor: User | None,
    *,
    outcome: str = DONE,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
) -> AuditEntry:
    """Add an entry about an execution. ``actor`` is None where the system itself acted."""
    if outcome == DONE and (asked := _asked.get()):
        after = {**(after or {}), ASKED: asked}
    entry = AuditEntry(
        actor=actor,
        actor_name=SYSTEM if actor is None else actor.get_username(),
        verb=verb,
        execution=execution,
        subject=execution.public_id,
        outcome=outcome,
        before=before,
        after=after,
        reason=reason,
        correlation_id=str(_context().get("correlation_id", execution.correlation_id)),
    )
    return _add(entry)


def record_account(
    verb: str,
    name: str,
    actor: User | None,
    *,
    outcome: str = DONE,
    after: dict[str, Any] | None = None,
    reason: str = "",
) -> AuditEntry:
    """Add an entry about an account, for example a log-in.

    ``actor`` is None where it is not known who that was.
    """
    entry = AuditEntry(
        actor=actor,
        actor_name=name[:200],
        verb=verb,
        subject=name[:80],
        outcome=outcome,
        after=after,
        reason=reason,
        correlation_id=str(_context().get("correlation_id", "")),
    )
    return _add(entry)


def record_installation(
    verb: str,
    subject: str,
    actor: User | None,
    *,
    after: dict[str, Any] | None = None,
    reason: str = "",
) -> AuditEntry:
    """Add an entry about the installation itself, for example a backup that was restored.

    ``actor`` is None where the system itself acted, or a person with a shell on its machine.
    """
    entry = AuditEntry(
        actor=actor,
        actor_name=SYSTEM if actor is None else actor.get_username(),
        verb=verb,
        subject=subject[:80],
        outcome=DONE,
        after=after,
        reason=reason,
        correlation_id=str(_context().get("correlation_id", "")),
    )
    return _add(entry)


def rotate_key(actor: User | None = None) -> tuple[str, str]:
    """Sign with a new key from now on; the ids of the one before and of the new one.

    The signatures of earlier keys stay good as long as those are in the file. Raises KeyUnreadable.
    """
    before, added = keys.rotate()
    after = {"from": before.id, "to": added.id}
    record_installation("rotate audit key", "audit trail", actor, after=after)
    return before.id, added.id


def record_refusal(verb: str, subject: str, actor: User, after: dict[str, Any]) -> AuditEntry:
    """Add an entry about what a person was refused that is no execution the trail can name."""
    entry = AuditEntry(
        actor=actor,
        actor_name=actor.get_username(),
        verb=verb[:40],
        subject=subject[:80],
        outcome=REFUSED,
        after=after,
        correlation_id=str(_context().get("correlation_id", "")),
    )
    return _add(entry)


@contextmanager
def asking(arguments: Mapping[str, Any]) -> Iterator[str]:
    """A verb inside was asked for with these arguments: its entry keeps their digest, which this
    gives.
    """
    asked = digest("", dict(arguments))[:16]
    reset = _asked.set(asked)
    try:
        yield asked
    finally:
        _asked.reset(reset)


def is_repetition(verb: str, execution_id: uuid.UUID, actor: User, seq: int, asked: str) -> bool:
    """Whether this person did just this just now, after the page that stood at ``seq``: a button
    was clicked twice, and what was refused the second time has been done. ``asked`` is what
    ``asking`` gave.
    """
    mine = AuditEntry.objects.filter(
        execution_id=execution_id, actor=actor, verb=verb, outcome=DONE
    )
    recent = mine.filter(created_at__gte=clock.now() - REPETITION).order_by("-id")[:5]
    return seq >= 0 and any(
        (entry.before or {}).get("seq", -1) >= seq and (entry.after or {}).get(ASKED) == asked
        for entry in recent
    )


def _add(entry: AuditEntry) -> AuditEntry:
    """Put it at the end of the chain. Raises KeyUnreadable."""
    with atomic():
        head = Turn.objects.locked(CHAIN)
        if (follows := _end_of_the_chain(head.value)) != head.value:
            follows = _told_of_a_changed_end(head.value, follows)
        head.value = _written(entry, follows)
        head.save(update_fields=["value"])
    return entry


def _written(entry: AuditEntry, follows: str) -> str:
    """Sign it behind the entry whose hash is ``follows``; its own hash."""
    entry.created_at = clock.now()
    entry.previous_hash, entry.key = follows, keys.signing().id
    entry.hash = link(entry)
    entry.save(force_insert=True)
    return entry.hash


def _end_of_the_chain(head: str) -> str:
    """The hash that the next entry follows: ``head``, unless somebody changed that past Stigmer so
    that nothing can follow it. Nobody's work may stop because of it.
    """
    rows = AuditEntry.objects.order_by("-id")
    if not rows.filter(previous_hash=head).exists():
        return head
    last = rows.values_list("hash", flat=True).first() or ""
    return digest(head, last) if rows.filter(previous_hash=last).exists() else last


def _told_of_a_changed_end(head: str, follows: str) -> str:
    """Keep that the end of the trail was changed: the verification finds this entry."""
    after = {"end_was": head, "goes_on_from": follows}
    entry = AuditEntry(
        actor_name=SYSTEM, verb=GO_ON, subject="audit trail", outcome=FAILED, after=after
    )
    return _written(entry, follows)


def _context() -> dict[str, Any]:
    return structlog.contextvars.get_contextvars()
