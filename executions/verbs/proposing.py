"""Two persons for what goes round the rules of a run: one asks, another one agrees.

If the operator says so (``STIGMER_TWO_PERSONS``) a verb whose row has ``by_two`` is not carried
out: it is kept with its arguments, its reason and what it would do, until somebody else who may do
it agrees. Then it is carried out in the name of that person, at the very place at which it was
asked for. If the run has moved on meanwhile it is asked for anew.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now

from executions import audit, clock, nudges, policy
from executions.errors import Refused
from executions.journal.events import EventName
from executions.models import Event, Execution, Notification, Proposal
from executions.models.proposal import Outcome
from executions.models.transactions import persistent
from executions.roles import Role
from executions.said import Said
from executions.states import Phase
from executions.verbs.acting import act_now, effect
from executions.verbs.deciding.case import Case
from executions.verbs.deciding.moving import noted
from executions.verbs.deciding.opening import Opening, Reads, check_allowed, opened
from executions.verbs.row import LONGEST_REASON, Verb
from executions.verbs.rows import VERBS

LASTS = timedelta(hours=24)
MOST_TOLD = 200
ANOTHER = "Somebody else who may do it has to agree within 24 hours."


class Proposed(Refused):
    """Nothing was done yet: ``proposal`` waits for a second person."""

    def __init__(self, proposal: Proposal) -> None:
        super().__init__(
            "proposed",
            Said(
                "{verb} waits for a second person, as {id}.",
                verb=Said(VERBS[proposal.verb].word),
                id=proposal.public_id,
            ),
            state=proposal.phase,
            remedy=ANOTHER,
        )
        self.proposal = proposal


def needs_two(verb: Verb) -> bool:
    """Whether a second person has to agree to it here."""
    return verb.by_two and bool(settings.STIGMER_TWO_PERSONS)


def propose(
    verb: Verb,
    execution_id: uuid.UUID,
    actor: User,
    arguments: Mapping[str, Any],
    *,
    expected_seq: int | None,
    reason: str,
) -> Proposed:
    """Keep what this person asks for; the same again is the same proposal. Raises Refused where
    they may not do it, where it is not possible now, or where nobody could agree.
    """
    asked_for = dict(arguments)
    execution = Execution.objects.select_related("workflow", "agent", "owner").get(pk=execution_id)
    check_allowed(execution, actor, verb.name)
    same = Proposal.objects.open().filter(execution=execution_id, verb=verb.name, asked_by=actor)
    earlier = same.select_related("execution").first()
    if earlier is not None and earlier.arguments == asked_for and not earlier.is_behind():
        return Proposed(earlier)
    _check_somebody_may(verb, execution, actor)
    would = effect(verb, execution, actor, asked_for)
    row = Proposal(
        execution=execution,
        verb=verb.name,
        arguments=asked_for,
        reason=reason[:LONGEST_REASON],
        preview=would.as_json() if would is not None else None,
        asked_by=actor,
    )
    # The person asks for what they saw.
    return Proposed(_kept(row, actor, execution.head_seq if expected_seq is None else expected_seq))


@persistent
def _kept(row: Proposal, actor: User, expected_seq: int | None) -> Proposal:
    def work(case: Case) -> Proposal:
        execution = case.execution
        _clear(execution, row.verb)
        said = {"verb": row.verb, "reason": row.reason}
        told_at = _note_in_history(EventName.SECOND_PERSON_ASKED, execution, actor, **said)
        # A run that is driven moves on all the time: it waits for no place of it.
        row.seq = None if _is_driven(execution) else told_at
        row.phase, row.expires_at = str(execution.phase), clock.now() + LASTS
        row.save()
        _tell_those_who_may_agree(row, told_at)
        _audit(f"ask for {row.verb}", row, actor, row.reason)
        return row

    driven = _is_driven(row.execution)
    opening = Opening(
        row.execution_id,
        actor,
        row.verb,
        None if driven else expected_seq,
        row.reason,
        verifies=False,
        reads=Reads.NONE,
    )
    return opened(opening, work)


def who_agrees(row: Proposal) -> str:
    """The people of whom one has to agree, as the subject of a sentence."""
    if Role.SUPPORT in VERBS[row.verb].roles:
        return Said("A second person, from support or an administrator,")
    return Said("A second administrator")


def agree(proposal: Proposal, actor: User) -> Any:
    """Carry it out in the name of this second person; what it gives is the verb's answer.

    Raises Refused: the person asked for it or may not do it, it is not open any more, or the run
    has moved on.
    """
    verb, execution = VERBS[proposal.verb], proposal.execution
    check_allowed(execution, actor, verb.name)
    if proposal.asked_by_id == actor.pk:
        raise Refused("forbidden", "You asked for it: somebody else has to agree.", remedy=ANOTHER)
    policy.check_prepared(actor, verb, execution, proposal.reason)
    _check_open(proposal)
    if not policy.can(proposal.asked_by, verb.name, execution):
        _close(
            proposal, Outcome.MOVED_ON, None, "The person who asked for it may not do it any more."
        )
        raise _over(proposal)
    if not _close(proposal, Outcome.AGREED, actor, ""):
        raise _over(proposal)
    name = proposal.asked_by.get_username()
    note = f" (asked for by {name}, agreed to by {actor.get_username()})"
    try:
        result = act_now(
            verb,
            execution.pk,
            actor,
            proposal.arguments,
            expected_seq=proposal.seq,
            reason=proposal.reason[: LONGEST_REASON - len(note)] + note,
        )
    except Refused as refused:
        _settle(proposal, Outcome.MOVED_ON, str(refused))
        raise
    except Exception:
        # Nobody knows whether it was done: where it was, the run has moved on, and so it is said.
        _settle(proposal, Outcome.OPEN, "")
        raise
    _settle(proposal, Outcome.DONE, "")
    return result


@persistent
def turn_down(proposal: Proposal, actor: User, *, reason: str = "") -> Proposal:
    """It will not be done; whoever asked for it withdraws it so. Raises Refused."""
    check_allowed(proposal.execution, actor, proposal.verb)
    if not proposal.is_open():
        raise _over(proposal)
    is_own = proposal.asked_by_id == actor.pk
    outcome = Outcome.WITHDRAWN if is_own else Outcome.TURNED_DOWN
    if not _close(proposal, outcome, actor, reason[:LONGEST_REASON]):
        raise _over(proposal)
    execution = Execution.objects.select_for_update(of=("self",)).get(pk=proposal.execution_id)
    said = {"verb": proposal.verb, "outcome": str(outcome), "reason": reason}
    _note_in_history(EventName.SECOND_PERSON_ANSWERED, execution, actor, **said)
    word = "withdraw" if is_own else "turn down"
    _audit(f"{word} {proposal.verb}", proposal, actor, reason)
    return Proposal.objects.get(pk=proposal.pk)


def expire() -> int:
    """Say of those to which nobody agreed in time that they ran out; how many. Of what was agreed
    to and not carried out to its end the history of the run says what happened.
    """
    Proposal.objects.left_over().update(
        outcome=Outcome.MOVED_ON, said="The server stopped meanwhile: look at the run's history."
    )
    expired = list(Proposal.objects.run_out().select_related("execution")[:100])
    many = 0
    for row in expired:
        if _close(row, Outcome.EXPIRED, None, ""):
            many += 1
            _audit(f"let {row.verb} expire", row, None, "")
    return many


def of_run(execution: Execution) -> list[Proposal]:
    """The proposals that wait at this run; without two persons nothing is asked of the database."""
    if not settings.STIGMER_TWO_PERSONS:
        return []
    rows = Proposal.objects.open().filter(execution=execution.pk).select_related("asked_by")
    proposals = list(rows)
    for row in proposals:
        # The run as the page shows it: whether it has moved on is asked of that.
        row.execution = execution
    return proposals


def _check_somebody_may(verb: Verb, execution: Execution, actor: User) -> None:
    if not policy.those_who_may(verb, execution).exclude(pk=actor.pk).exists():
        raise Refused(
            "conflict",
            "Two persons are asked for here, and nobody else may do this.",
            state=execution.phase,
            remedy="Make a second administrator: `stigmer administrator NAME`.",
        )


def _tell_those_who_may_agree(row: Proposal, seq: int) -> None:
    """Put the event with this seq into their inboxes."""
    event = Event.objects.get(execution=row.execution_id, seq=seq)
    others = policy.those_who_may(VERBS[row.verb], row.execution).exclude(pk=row.asked_by_id)
    notified = event.notifications.values("user")
    people = list(others.exclude(pk__in=notified).values_list("pk", flat=True)[:MOST_TOLD])
    Notification.objects.bulk_create(Notification(user_id=key, event=event) for key in people)

    def announce() -> None:
        for key in people:
            nudges.announce(row.execution_id, event.seq, key)

    transaction.on_commit(announce, robust=True)


def _clear(execution: Execution, verb: str) -> None:
    """One waits for each verb of a run; an older one gives way where it can lead nowhere."""
    older = Proposal.objects.filter(execution=execution, verb=verb, outcome=Outcome.OPEN)
    for row in older.select_related("execution", "asked_by"):
        if row.is_open() and not row.is_behind():
            raise Refused(
                "conflict",
                Said(
                    "{who} asked for this already, as {id}.",
                    who=row.asked_by.get_username(),
                    id=row.public_id,
                ),
                state=execution.phase,
                remedy="Agree to that, or turn it down first.",
            )
        _close(row, Outcome.MOVED_ON if row.is_open() else Outcome.EXPIRED, None, "")


def _check_open(row: Proposal) -> None:
    if not row.is_open():
        raise _over(row)
    if row.is_behind():
        _close(row, Outcome.MOVED_ON, None, "")
        raise Refused(
            "stale",
            "The run has moved on since it was asked for; nothing was done.",
            state=row.execution.phase,
            remedy="Look at what changed, then ask anew.",
        )


def _over(row: Proposal) -> Refused:
    now = Proposal.objects.select_related("decided_by").get(pk=row.pk)
    outcome = Outcome.EXPIRED if now.outcome == Outcome.OPEN else Outcome(now.outcome)
    label = Said(outcome.label)
    said = Said("It is over: {outcome}.", outcome=label)
    if now.decided_by:
        person = now.decided_by.get_username()
        said = Said("It is over: {outcome} by {person}.", outcome=label, person=person)
    return Refused("conflict", said, remedy="Ask anew if need be.")


def _close(row: Proposal, outcome: Outcome, actor: User | None, said: str) -> bool:
    """Whether it was open until now: of several who answer at once one is the first."""
    rows = Proposal.objects.filter(pk=row.pk, outcome=Outcome.OPEN)
    many = rows.update(outcome=outcome, decided_by=actor, decided_at=Now(), said=said[:500])
    return int(many) > 0


def _settle(row: Proposal, outcome: Outcome, said: str) -> None:
    Proposal.objects.filter(pk=row.pk).update(outcome=outcome, said=said[:500])


def _is_driven(execution: Execution) -> bool:
    return execution.phase == Phase.IN_PROGRESS


def _note_in_history(name: EventName, execution: Execution, actor: User, **said: Any) -> int:
    """Write it into the history of the run; where it stands then."""
    driven = _is_driven(execution)
    return noted(name, execution, actor.pk, is_driven=driven, **said).head_seq


def _audit(what: str, row: Proposal, actor: User | None, reason: str) -> None:
    execution = row.execution
    after = {"proposal": row.public_id, **row.arguments}
    audit.record(what, execution, actor, before=audit.state(execution), after=after, reason=reason)
