"""The one way in which a person's verb opens a run: who asks, in which phase, and whether the
journal is whole.

A verb that goes on from a journal verifies it first, and outside of the transaction: tens of
thousands of steps take seconds, and others must not wait for a lock meanwhile. The answer is one
for the sequence at which the row stood; where it stands at another one when it is locked again, it
is asked anew. A journal that is not what was written is refused at every door in the same words,
and marked for a person.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from typing import NamedTuple, TypeVar

import structlog
from django.contrib.auth.models import User
from django.db import transaction

from executions import audit, clock, policy
from executions.driving import report
from executions.driving.chain import Broken, examine
from executions.driving.lease import count_finished_but, load_records, load_records_around
from executions.errors import Refused
from executions.journal.causes import cause_of
from executions.journal.records import StepRecord
from executions.models import Execution
from executions.models.move import Move, Standing
from executions.models.moves import apply
from executions.models.outside import outside
from executions.models.transactions import atomic
from executions.said import Said
from executions.states import Phase, WaitingFor
from executions.verbs.deciding.case import Case
from executions.verbs.rows import VERBS

log = structlog.get_logger(__name__)
Result = TypeVar("Result")
_NOUNS = {"recover": "recovery", "undo restore": "undoing of the restore", "resume": "resuming"}


class Reads(Enum):
    """Of the standing steps of a run: all, none, or those that are open and those around the one at
    which it stands.
    """

    ALL = auto()
    AROUND = auto()
    NONE = auto()


class _Verified(NamedTuple):
    """``others`` is how many finished steps stand beside ``records``, ``others_seq`` the newest of
    them.
    """

    records: list[StepRecord]
    broken: Broken | None
    others: int = 0
    others_seq: int | None = None


@dataclass(frozen=True, slots=True)
class Opening:
    """The order of a person.

    ``verifies`` is False for what ends a run or holds it: that has to be possible always. ``reads``
    says which of the standing steps the verb looks at. ``takes_broken``: it says itself what may be
    done with a journal that is not whole. ``before`` is what is done first, in the same
    transaction, to runs that this one started: a child is locked before its parent, as its end
    writes to the parent. ``phases`` are those in which it is possible, where they are not those of
    the verb's row.
    """

    execution_id: uuid.UUID
    actor: User
    verb: str
    expected_seq: int | None
    reason: str = ""
    verifies: bool = True
    reads: Reads = Reads.ALL
    takes_broken: bool = False
    before: Callable[[], None] | None = None
    # It takes back what was just done: neither a reason nor a log-in is asked for again.
    takes_back: bool = False
    # A rule of the workflow asks: nobody is asked for a reason or a log-in.
    is_by_rule: bool = False
    phases: frozenset[Phase] | None = None

    def check(self, execution: Execution) -> None:
        """Raises Refused: forbidden, stale, wrong_phase, invalid, unconfirmed."""
        if not self.is_by_rule:
            check_allowed(execution, self.actor, self.verb)
        check_fresh(execution, self.expected_seq)
        check_phase(execution, self.verb, self.phases)
        row = None if self.takes_back or self.is_by_rule else VERBS.get(self.verb)
        if row is not None:
            policy.check_prepared(self.actor, row, execution, self.reason)


def opened(opening: Opening, work: Callable[[Case], Result]) -> Result:
    """The result of ``work``, in one transaction with the row locked and its journal verified.

    Called by a verb that is ``persistent``. Raises Refused.
    """
    with atomic():
        before = transaction.savepoint() if opening.before is not None else None
        if opening.before is not None:
            opening.before()
        case = _locked(opening)
        if case.broken is None or opening.takes_broken:
            return work(case)
        if before is not None:
            transaction.savepoint_rollback(before)
        _flag(case, case.broken)
    raise corrupt(opening.verb, case.execution, case.broken)


def _locked(opening: Opening) -> Case:
    execution = Execution.objects.select_for_update(of=("self",)).get(pk=opening.execution_id)
    opening.check(execution)
    case = Case(execution, {}, opening.actor, opening.verb, opening.reason)
    if opening.verifies:
        # While a process drives it, it goes on from what was verified under the same lease.
        stands_at = execution.token if execution.phase == Phase.IN_PROGRESS else execution.head_seq
        key = ("journal", execution.pk, execution.phase, stands_at)
        verified = outside(key, partial(_verified, execution, opening.reads))
        case.records = {record.path: record for record in verified.records}
        case.broken, case.others, case.others_seq = (
            verified.broken,
            verified.others,
            verified.others_seq,
        )
    return case


def _verified(execution: Execution, reads: Reads) -> _Verified:
    """The standing steps, and what is wrong with the journal.

    If it moves on meanwhile it is asked for anew.
    """
    broken = examine(execution)
    if reads is Reads.ALL:
        return _Verified(load_records(execution.pk), broken)
    if reads is Reads.NONE:
        return _Verified([], broken)
    around = load_records_around(execution.pk, execution.current_step)
    return _Verified(
        around, broken, *count_finished_but(execution.pk, [record.path for record in around])
    )


def corrupt(verb: str, execution: Execution, broken: Broken) -> Refused:
    """The refusal of a journal that is not what was written; only the flag was changed then."""
    what = Said(_NOUNS.get(verb, verb))
    message = Said("The {what} failed: {why}.", what=what, why=broken.text)
    kept = Said("Nothing was changed; it is marked for a person.")
    remedy = Said.together(kept, broken.remedy())
    return Refused("corrupt", message, state=execution.phase, remedy=remedy)


def _flag(case: Case, broken: Broken) -> None:
    """It stays as it is, and a person has to look at it."""
    execution, now = case.execution, clock.now()
    event = report.recovery_failed(
        execution, broken.text, now, case.actor.pk, last_good_seq=broken.last_good_seq
    )
    move = Move(
        execution.pk,
        Standing(frozenset({Phase(execution.phase)}), execution.head_seq),
        columns={
            "requires_manual_intervention": True,
            "cause": cause_of(execution.subject_id, "", f"journal: {broken.text}"),
        },
        events=[event],
        owner_id=execution.owner_id,
        at=now,
    )
    if apply(move) is not None:
        before = audit.state(execution)
        after = {
            "phase": str(execution.phase),
            "broken": broken.text,
            "last_good_seq": broken.last_good_seq,
        }
        audit.record(
            case.verb,
            execution,
            case.actor,
            outcome=audit.FAILED,
            before=before,
            after=after,
            reason=case.reason,
        )
    log.error(
        "journal is not what was written",
        execution_id=execution.public_id,
        verb=case.verb,
        why=broken.text,
    )


def check_allowed(execution: Execution, actor: User, verb: str) -> None:
    """Raises Refused (``forbidden``)."""
    if not policy.can(actor, verb, execution):
        raise Refused(
            "forbidden",
            Said("You may see this execution, but {verb} is not for you.", verb=Said(verb)),
            state=execution.phase,
            remedy="Ask its owner or an administrator.",
        )


def check_fresh(execution: Execution, expected_seq: int | None) -> None:
    """Raises Refused (``stale``) where it moved on since somebody looked at it."""
    if expected_seq is not None and expected_seq != execution.head_seq:
        raise Refused(
            "stale",
            Said(
                "It was at {before} of its history when you looked; it is at {now} now and"
                " {phase}.",
                before=expected_seq,
                now=execution.head_seq,
                phase=execution.phase,
            ),
            state=execution.phase,
            remedy="Look at what changed, then decide again.",
        )


def check_phase(execution: Execution, verb: str, phases: frozenset[Phase] | None = None) -> None:
    """Raises Refused (``wrong_phase``). Without ``phases``: those of the verb's row."""
    phases = VERBS[verb].phases if phases is None else phases
    if execution.phase not in phases:
        if verb == "decide" and _is_asked_beside_calls(execution):
            raise Refused(
                "wrong_phase",
                "It waits for your decision, and calls of its other branches are under way.",
                state=execution.phase,
                remedy="Decide once these have come to their outcome.",
            )
        allowed = " or ".join(sorted(phases))
        raise Refused(
            "wrong_phase",
            Said(
                "It is {phase}; {verb} is possible only when it is {allowed}.",
                phase=execution.phase,
                verb=Said(verb),
                allowed=allowed,
            ),
            state=execution.phase,
        )


def _is_asked_beside_calls(execution: Execution) -> bool:
    """Whether a branch of a run that is driven waits for a decision."""
    open_steps = execution.steps.standing().filter(finished_at=None)
    return (
        execution.phase == Phase.IN_PROGRESS
        and open_steps.filter(waiting_for=WaitingFor.DECISION).exists()
    )
