"""Answering what a run asks people. One answer counts; whoever comes second is told who was first.

Answering is no verb of the table: who may do it is said by the question, not by a role towards the
run.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User

from executions import audit, clock, schemas, sight
from executions.driving import report
from executions.driving.attempts.asks import answer_of
from executions.errors import Finding, NotStorable, Refused
from executions.expressions import EVALUATION_SECONDS
from executions.journal.decided import PER_TRY, Call, without
from executions.journal.decided import Answer as Given
from executions.journal.events import EventName
from executions.models import Ask, Execution
from executions.models.move import Move, Standing
from executions.models.moves import apply
from executions.models.transactions import atomic, persistent
from executions.said import Said
from executions.states import Phase
from executions.values import storable
from executions.verbs.deciding.case import Case, Decided, write
from executions.verbs.deciding.opening import Opening, Reads, check_phase, opened

MOST_COMMENT_CHARACTERS = 2_000
VERB = "respond"
# The driver of a run may find at the very moment that nobody has answered in time.
LATEST = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer of a person: one of the outcomes, what they filled in, and a remark."""

    outcome: str
    form: Any = None
    comment: str = ""


def respond(ask: Ask, actor: User, answer: Answer) -> Decided:
    """Answer for ``actor``, who sees this question already.

    Raises Refused, and then nothing was changed.
    """
    sight.check_not_masked(actor, answer.form)
    _check(ask, answer, str(actor.pk))
    refusal: Refused | None = None
    # It may be parked just now, or taken up.
    for answered in (_answered, _answered_while_driven, _answered):
        try:
            return answered(ask.pk, ask.execution_id, actor, answer)
        except Refused as refused:
            if refused.code != "wrong_phase":
                raise
            refusal = refused
    now = Ask.objects.select_related("step", "reviewer", "execution").get(pk=ask.pk)
    raise closed(now, now.execution) from refusal


@persistent
def _answered(ask_id: uuid.UUID, execution_id: uuid.UUID, actor: User, answer: Answer) -> Decided:
    def work(case: Case) -> Decided:
        ask = Ask.objects.select_related("step", "reviewer").get(pk=ask_id)
        held = next((r for r in case.records.values() if _is_about(r.control, ask)), None)
        if held is None or not ask.is_open(case.execution):
            raise closed(ask, case.execution)
        now = clock.now()
        output = answer_of(answer.outcome, answer.form, answer.comment, actor.get_username(), now)
        call = Call(without(held.control, *PER_TRY))
        call.answer = Given.made(output=output)
        case.reopen(held, control=call.json, attempt=held.attempt)
        case.made.ask, case.made.outcome = ask.pk, answer.outcome
        event = report.plain(
            EventName.ANSWERED,
            case.execution,
            now,
            actor.pk,
            step_name=held.name,
            outcome=answer.outcome,
        )
        # A run that is paused keeps the answer, and goes on with it when it is resumed.
        decided = write(case, [event], stays=case.execution.phase == Phase.PAUSED)
        # The step that takes the answer stands in the place of the one that waited.
        (taking,) = [record.id for record in case.written if record.path == held.path]
        Ask.objects.filter(pk=ask.pk).update(step=taking, **_columns(answer, actor, now))
        return decided

    opening = _Answering(
        execution_id,
        actor,
        VERB,
        None,
        answer.comment,
        reads=Reads.AROUND,
        phases=frozenset({Phase.WAITING, Phase.PAUSED}),
    )
    return opened(opening, work)


@persistent
def _answered_while_driven(
    ask_id: uuid.UUID, execution_id: uuid.UUID, actor: User, answer: Answer
) -> Decided:
    """Other branches of the run are under way: whoever drives it hears of the answer, and takes it
    from the row of the question.
    """
    with atomic():
        execution = Execution.objects.select_for_update(of=("self",)).get(pk=execution_id)
        check_phase(execution, "answering", frozenset({Phase.IN_PROGRESS}))
        ask, now = Ask.objects.select_related("step", "reviewer").get(pk=ask_id), clock.now()
        if not ask.is_open(execution) or now >= ask.expires_at - LATEST:
            raise closed(ask, execution)
        event = report.plain(
            EventName.ANSWERED,
            execution,
            now,
            actor.pk,
            step_name=ask.step.name,
            outcome=answer.outcome,
        )
        applied = apply(
            Move(
                execution_id,
                Standing(frozenset({Phase.IN_PROGRESS})),
                increments=("inbox",),
                events=[event],
                owner_id=execution.owner_id,
                correlation_id=execution.correlation_id,
                at=now,
            )
        )
        assert applied is not None, "its row is locked"
        Ask.objects.filter(pk=ask_id).update(**_columns(answer, actor, now))
        after = {"ask": ask.public_id, "outcome": answer.outcome, "seq": applied.head_seq}
        before = audit.state(execution)
        audit.record(VERB, execution, actor, before=before, after=after, reason=answer.comment)
    return Decided(
        execution_id=execution.public_id,
        phase=Phase.IN_PROGRESS,
        resumed_from=report.timestamp(execution.last_checkpoint_at),
        checkpoint_seq=None,
        next_step=ask.step.path,
        kept=0,
        correlation_id=execution.correlation_id,
        seq=applied.head_seq,
    )


def _columns(answer: Answer, actor: User, now: datetime) -> dict[str, Any]:
    return {
        "answered_at": now,
        "outcome": answer.outcome,
        "answers": answer.form,
        "comment": answer.comment,
        "reviewer": actor,
    }


class _Answering(Opening):
    """The question says who may answer; the condition on the run's phase is the same."""

    def check(self, execution: Execution) -> None:
        check_phase(execution, "answering", self.phases)


def _is_about(control: dict[str, Any], ask: Ask) -> bool:
    call = Call(control)
    return call.ask is not None and call.ask.id == ask.pk and call.answer is None


def closed(ask: Ask, execution: Execution) -> Refused:
    """The message to a person who comes too late."""
    if ask.answered_at is not None and ask.reviewer is not None:
        said = Said(
            "{person} answered already: {answer}.",
            person=ask.reviewer.get_username(),
            answer=ask.label_of(ask.outcome),
        )
    else:
        said = Said("The run does not wait for this answer any more.")
    return Refused("conflict", said, state=execution.phase, remedy="Nothing is left to do here.")


def _check(ask: Ask, answer: Answer, owner: str) -> None:
    names = [outcome["name"] for outcome in ask.outcomes]
    if answer.outcome not in names:
        message = Said("There is no outcome {name!r}.", name=answer.outcome[:40])
        raise Refused(
            "invalid", message, remedy=Said("Choose one of {names}.", names=", ".join(names))
        )
    if len(answer.comment) > MOST_COMMENT_CHARACTERS:
        most = f"{MOST_COMMENT_CHARACTERS:,}"
        raise Refused(
            "invalid",
            Said("The comment has more than {most} characters.", most=most),
            remedy="Shorten it.",
        )
    try:
        storable([answer.form, answer.comment], limit_bytes=settings.STIGMER_VALUE_BYTES)
    except NotStorable as problem:
        raise Refused(
            "invalid", Said("The answer cannot be kept. {problem}", problem=problem)
        ) from problem
    if ask.form is not None:
        _check_form(ask, answer, owner)


def _check_form(ask: Ask, answer: Answer, owner: str) -> None:
    """Refuse a form that does not fit the question's schema. A person who says no need not fill it
    in.
    """
    if answer.form is None and answer.outcome == "deny":
        return
    try:
        misfits = schemas.problems(ask.form, answer.form, owner=owner, seconds=EVALUATION_SECONDS)
    except schemas.SchemaBusy as problem:
        raise Refused(
            "unavailable", Said("The form could not be checked now: {problem}.", problem=problem)
        ) from problem
    except schemas.SchemaError as problem:
        raise Refused(
            "invalid", Said("The form could not be checked: {problem}.", problem=problem)
        ) from problem
    if misfits:
        raise Refused(
            "invalid",
            "The filled-in answer does not fit the form.",
            remedy="Correct it, then answer again.",
            findings=[Finding(f"/form{each.pointer}", each.message) for each in misfits],
        )
