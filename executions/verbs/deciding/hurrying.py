"""The next attempt at once, where a run waits between two attempts."""

from __future__ import annotations

import uuid

from django.contrib.auth.models import User

from executions import audit, clock
from executions.driving import report
from executions.driving.lease import load_open_records
from executions.errors import Refused
from executions.journal.decided import Catch
from executions.journal.events import EventName
from executions.journal.records import StepRecord
from executions.models.move import Move, Standing
from executions.models.transactions import persistent
from executions.states import Phase, WaitingFor
from executions.verbs.deciding.case import Case
from executions.verbs.deciding.moving import apply_or_refuse
from executions.verbs.deciding.opening import Opening, opened


@persistent
def retry_now(execution_id: uuid.UUID, actor: User, *, expected_seq: int | None = None) -> Phase:
    """Make the next attempt now; the policy's counting stays as it is. Raises Refused."""
    opening = Opening(execution_id, actor, "retry now", expected_seq, verifies=False)
    return opened(opening, _hurry)


def _hurry(case: Case) -> Phase:
    execution, now = case.execution, clock.now()
    hurried = [each for each in load_open_records(execution.pk) if _is_between_attempts(each)]
    if not hurried:
        raise Refused(
            "conflict",
            "It does not wait for a next attempt.",
            state=execution.phase,
            remedy="Its page says what it waits for.",
        )
    for record in hurried:
        record.wake_at = now
        if (made := Catch(record.control)).until is not None:
            # Of a block that is tried again as a whole: the moment stands in what was decided.
            made.until = now
    event = report.plain(
        EventName.RETRIED, execution, now, case.actor.pk, step=execution.current_step
    )
    move = Move(
        execution.pk,
        Standing(frozenset({Phase.WAITING}), execution.head_seq),
        increments=("inbox",),
        steps=hurried,
        events=[event],
        owner_id=execution.owner_id,
        correlation_id=execution.correlation_id,
        ring=execution.queue,
        at=now,
    ).to(Phase.PENDING)
    applied = apply_or_refuse(move)
    before = audit.state(execution)
    after = {"phase": str(Phase.PENDING), "seq": applied.head_seq}
    audit.record(case.verb, execution, case.actor, before=before, after=after)
    return Phase.PENDING


def _is_between_attempts(record: StepRecord) -> bool:
    return record.waiting_for == WaitingFor.BACK_OFF and record.wake_at is not None
