"""Retry, skip, recover, decide: a decision is a Step that supersedes what failed or answers it;
then the run goes on.

Only the failed step and the composites that failed with it are touched; what their siblings
finished stays.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.auth.models import User

from executions import audit, clock, policy, secret_access
from executions.driving import report, surroundings
from executions.driving.versions import parsed_for
from executions.errors import NotStorable, Refused
from executions.ids import uuid7
from executions.journal import operation
from executions.journal.decided import IDENTITY, PER_TRY, Answer, Call, Child, Loop, Task, without
from executions.journal.events import EventName
from executions.journal.records import StepRecord
from executions.models import Execution, LateAnswer
from executions.models.resource import Visibility
from executions.models.transactions import persistent
from executions.roles import Role
from executions.said import Said
from executions.states import StepStatus
from executions.values import storable
from executions.verbs.deciding import family
from executions.verbs.deciding.case import Case, Decided, write
from executions.verbs.deciding.edited import Edited, edited
from executions.verbs.deciding.opening import Opening, Reads, opened
from executions.verbs.deciding.supplied import UNSET, check_output

__all__ = [
    "Decided",
    "again",
    "audited",
    "check_storable",
    "decide",
    "recover",
    "retry",
    "skip",
]
# Kinds of steps that are opened again with their arguments: a call, and the run of another
# workflow.
REMEMBERED = ("call", "run")
CHOICES = ("run_again", "mark_done", "fail")
Result = TypeVar("Result")


@persistent
def retry(
    execution_id: uuid.UUID,
    actor: User,
    *,
    expected_seq: int | None = None,
    arguments: Any = UNSET,
    as_new_operation: bool = False,
    reason: str = "",
) -> Decided:
    """Run the failed step again with its counters reset.

    Raises Refused, and then nothing is changed.
    """

    def work(case: Case) -> Decided:
        if arguments is not UNSET and not isinstance(arguments, dict):
            raise Refused(
                "invalid",
                "The edited input of a call has to be an object.",
                state=case.execution.phase,
            )
        if arguments is not UNSET or as_new_operation:
            _check_may_change_the_call(case)
        check_storable(arguments, "The edited input", case)
        if arguments is not UNSET:
            case.made.edited_input = True
        if as_new_operation:
            case.made.as_new_operation = True
        again(case, arguments, as_new_operation)
        event = report.plain(
            EventName.RETRIED,
            case.execution,
            clock.now(),
            actor.pk,
            step=case.execution.current_step,
            reason=reason,
        )
        return write(case, [event])

    # A step that failed in another run goes on there; another operation, or another input, is
    # another run.
    goes_on = arguments is UNSET and not as_new_operation
    below = (
        partial(family.to_failed, execution_id, lambda key: retry(key, actor, reason=reason))
        if goes_on
        else None
    )
    opening = Opening(
        execution_id, actor, "retry", expected_seq, reason, reads=Reads.AROUND, before=below
    )
    return opened(opening, work)


def _check_may_change_the_call(case: Case) -> None:
    """Support runs the call again as it was, and sees its input masked. Raises Refused."""
    if policy.role(case.actor, case.execution) is Role.SUPPORT:
        raise Refused(
            "forbidden",
            "Support retries a call as it was: its input, and whether it is another operation, are"
            " for the owner.",
            state=case.execution.phase,
            remedy="Retry it as it is, or ask its owner.",
        )


@persistent
def recover(
    execution_id: uuid.UUID, actor: User, *, expected_seq: int | None = None, reason: str = ""
) -> Decided:
    """Verify the checkpoints, then go on from the last one, and tell the owner.

    Each attempt is in the audit trail, refused ones as well.
    """

    def work(case: Case) -> Decided:
        again(case)
        return write(case, [report.recovered(case.execution, clock.now(), actor.pk, reason=reason)])

    below = partial(family.to_failed, execution_id, lambda key: recover(key, actor, reason=reason))
    opening = Opening(
        execution_id,
        actor,
        "recover",
        expected_seq,
        reason,
        reads=Reads.AROUND,
        before=below,
    )
    return audited(opening, work)


def audited(opening: Opening, work: Callable[[Case], Result]) -> Result:
    """Open and do it; where it is refused, the refusal is kept too (what found a broken journal has
    kept itself).
    """
    try:
        return opened(opening, work)
    except Refused as refusal:
        if refusal.code != "corrupt":
            execution = Execution.objects.get(pk=opening.execution_id)
            after = {"code": refusal.code, "message": refusal.message}
            audit.refuse(
                opening.verb,
                opening.actor,
                execution=execution,
                after=after,
                reason=opening.reason,
            )
        raise


@persistent
def skip(
    execution_id: uuid.UUID,
    actor: User,
    *,
    expected_seq: int | None = None,
    output: Any = UNSET,
    reason: str = "",
) -> Decided:
    """Answer the failed optional step with its input (or with ``output``), export nothing, and go
    on.
    """
    opening = Opening(execution_id, actor, "skip", expected_seq, reason)
    return opened(opening, lambda case: _skip(case, output))


def _skip(case: Case, output: Any) -> Decided:
    # If several branches failed, the run asks after this about the others.
    chains = case.failed_chains()
    skippable = [chain for chain in chains if any(record.optional for record in chain)]
    chain = (skippable or chains or [[]])[0]
    place = next((index for index, record in enumerate(chain) if record.optional), None)
    if place is None:
        name = chain[0].name if chain else "The workflow"
        raise Refused(
            "not_skippable",
            Said("{name} is required, so it cannot be skipped.", name=name),
            state=case.execution.phase,
            remedy=(
                "Retry or recover it; a task may be skipped only where its definition says"
                " `optional: true`."
            ),
        )
    check_storable(output, "The output", case)
    target, now = chain[place], clock.now()
    if output is not UNSET:
        check_output(case, target, output)
    identity = operation.identity(target, surroundings.run_of(case.execution))
    answer = replace(
        target,
        id=uuid7(),
        status=StepStatus.SKIPPED,
        error=None,
        context=None,
        seq=None,
        # It took no time of its own: what its attempts took is told by the step that it supersedes.
        started_at=now,
        finished_at=now,
        output=target.input if output is UNSET else output,
        control=Task.made(reason="skipped by a person").json | identity,
    )
    case.superseded.append(target)
    case.written.append(answer)
    case.reopen_composites(chain[place + 1 :])
    case.goes_on_after(target.path)
    event = report.plain(
        EventName.STEP_SKIPPED,
        case.execution,
        now,
        case.actor.pk,
        step_name=target.name,
        path=target.path,
        reason=case.reason,
    )
    return write(case, [event])


@persistent
def decide(
    execution_id: uuid.UUID,
    actor: User,
    choice: str,
    *,
    expected_seq: int | None = None,
    output: Any = UNSET,
    reason: str = "",
) -> Decided:
    """Answer a step whose outcome is not in the journal: ``run_again``, ``mark_done`` (with an
    output) or ``fail``.

    Without an output, ``mark_done`` takes the answer that came late, where one was kept; else null.
    """
    if choice not in CHOICES:
        raise Refused(
            "invalid",
            Said("There is no choice {choice!r}.", choice=choice),
            remedy=Said("Choose one of {choices}.", choices=", ".join(CHOICES)),
        )

    def work(case: Case) -> Decided:
        asked = next((r for r in case.records.values() if Call.of(r).needs_decision), None)
        if asked is None:
            raise Refused(
                "wrong_phase", "It does not wait for a decision.", state=case.execution.phase
            )
        check_storable(output, "The output", case)
        call = Call(without(asked.control, *PER_TRY))
        if choice == "mark_done":
            call.answer = Answer.made(output=_output_of(case, asked) if output is UNSET else output)
        elif choice == "fail":
            call.answer = Answer.made(fail=reason or "A person decided that it failed.")
        case.reopen(asked, control=call.json, attempt=asked.attempt)
        case.count_anew(asked.path)
        event = report.plain(
            EventName.DECIDED,
            case.execution,
            clock.now(),
            actor.pk,
            step_name=asked.name,
            choice=choice,
            reason=reason,
        )
        return write(case, [event])

    opening = Opening(execution_id, actor, "decide", expected_seq, reason, reads=Reads.AROUND)
    return opened(opening, work)


def _output_of(case: Case, asked: StepRecord) -> Any:
    """The output of the step as far as anybody knows: the answer that came late, which the decision
    then names.
    """
    late = LateAnswer.objects.offered_for(asked.id, case.execution.pk, Call.of(asked).key)
    if late is None or not late.succeeded:
        return None
    case.made.late_answer = {"attempt": late.number, "came_at": late.came_at.isoformat()}
    return late.output


def check_storable(value: Any, what: str, case: Case) -> None:
    """Raises Refused for what no step can hold."""
    if value is UNSET:
        return
    try:
        storable(value, limit_bytes=settings.STIGMER_VALUE_BYTES)
    except NotStorable as problem:
        raise Refused(
            "invalid",
            Said("{what} cannot be kept. {problem}", what=what, problem=problem),
            state=case.execution.phase,
        ) from problem


def again(case: Case, arguments: Any = UNSET, as_new_operation: bool = False) -> None:
    """Open what failed again, and the composites that failed with it.

    If several branches failed, an edit and "as a new operation" are about the step at which the run
    stands; the others go on as they were.
    """
    chains = case.failed_chains()
    for place, chain in enumerate(chains):
        changed = (arguments, as_new_operation) if place == 0 else (UNSET, False)
        _reopen(case, chain[0], *changed)
    for chain in chains:
        case.reopen_composites(chain[1:])


def _reopen(case: Case, failed: StepRecord, arguments: Any, as_new_operation: bool) -> None:
    if arguments is not UNSET and not failed.is_call:
        raise Refused(
            "invalid",
            Said("{step} is no call, so it has no input to edit.", step=failed.name),
            state=case.execution.phase,
        )
    if failed.kind in REMEMBERED and failed.arguments is not None:
        case.reopen(failed, **_changes(case, failed, arguments, as_new_operation))
    elif Loop.of(failed).items is not None:
        # A loop does not read its items anew.
        case.reopen(failed, status=StepStatus.RUNNING)
    else:
        # It failed before it had resolved anything, so there is nothing to keep: the walk meets it
        # anew.
        case.superseded.append(failed)


def _changes(
    case: Case, failed: StepRecord, arguments: Any, as_new_operation: bool
) -> dict[str, Any]:
    """The changes to the call that is opened again, where a person wants something else of it."""
    changes: dict[str, Any] = {}
    if arguments is UNSET and not as_new_operation:
        return {}
    if Child.of(failed).child is not None:
        # The run that it started was asked for something else.
        as_new_operation = True
    # Its achievements answer only for the call as it was.
    identity = IDENTITY if as_new_operation else ()
    call = Call(without(failed.control, *PER_TRY, Call.answer.name, *identity))
    if arguments is not UNSET:
        edit = _edited(case, failed, arguments)
        changes["arguments"] = edit.arguments
        del call.late
        if edit.late:
            call.late = edit.late
    if as_new_operation:
        changes["generation"] = failed.generation + 1
        if not failed.is_call:
            return changes | {"control": call.json}
        run = surroundings.run_of(case.execution)
        call.key = operation.key_for(run, failed.path, changes["generation"])
    return changes | {"control": call.json}


def _edited(case: Case, failed: StepRecord, arguments: dict[str, Any]) -> Edited:
    """The edit.

    Raises Refused where it would send secrets elsewhere in the name of who may not use them.
    """
    edit = edited(failed, arguments, parsed_for(case.execution).workflow.use.secrets)
    who = secret_access.applicant(case.actor, "", Visibility.PRIVATE) if edit.redirects else None
    for name in sorted(edit.redirects):
        if who is not None and secret_access.why_not(name, who):
            raise Refused(
                "forbidden",
                Said(
                    "Where the call goes may not be edited: it carries the secret"
                    " {name}, which you may not use.",
                    name=name,
                ),
                state=case.execution.phase,
                remedy="Edit other parts of it, or ask an administrator.",
            )
    return edit
