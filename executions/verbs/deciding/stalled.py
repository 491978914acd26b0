"""An attempt shows no progress: a person waits on, or has it broken off.

Both are kept beside the journal, which the driver alone writes; the worker that makes the attempt
reads it (:mod:`executions.driving.attempts.stalls`).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime
from functools import partial

from django.contrib.auth.models import User

from executions import audit, clock
from executions.errors import Refused
from executions.journal.events import EventName
from executions.models import Stall
from executions.models.transactions import persistent
from executions.states import Phase
from executions.verbs.deciding.case import Case
from executions.verbs.deciding.moving import noted
from executions.verbs.deciding.opening import Opening, Reads, opened

Answered = Callable[[Stall, datetime], dict[str, datetime]]


@persistent
def keep_waiting(execution_id: uuid.UUID, actor: User, *, expected_seq: int | None = None) -> Phase:
    """Tell nobody again before the attempt has been silent for twice as long. Raises Refused."""
    opening = _opening(execution_id, actor, "keep waiting", expected_seq)
    return opened(opening, partial(_answer, EventName.KEPT_WAITING, _twice_as_long))


@persistent
def break_off(execution_id: uuid.UUID, actor: User, *, expected_seq: int | None = None) -> Phase:
    """Have the attempt ended, and its step judged as after a crash. Raises Refused."""
    opening = _opening(execution_id, actor, "break off", expected_seq)
    return opened(opening, partial(_answer, EventName.BROKEN_OFF, _broken_off))


def _opening(execution_id: uuid.UUID, actor: User, verb: str, seq: int | None) -> Opening:
    return Opening(execution_id, actor, verb, seq, reads=Reads.NONE, verifies=False)


def _twice_as_long(stall: Stall, now: datetime) -> dict[str, datetime]:
    return {"quiet_until": now + (now - stall.began_at)}


def _broken_off(stall: Stall, now: datetime) -> dict[str, datetime]:
    if stall.why_not:
        raise Refused(
            "conflict",
            stall.why_not,
            remedy="Keep waiting until its time limit, or cancel the run.",
        )
    return {"break_off_at": now}


def _answer(event: EventName, answered: Answered, case: Case) -> Phase:
    execution, now = case.execution, clock.now()
    stalls = list(Stall.objects.filter(execution=execution).breakable().select_related("step"))
    if not stalls:
        raise Refused(
            "conflict",
            "None of its attempts is without progress.",
            state=execution.phase,
            remedy="Its page says what it does.",
        )
    for stall in stalls:
        Stall.objects.filter(pk=stall.pk).update(**answered(stall, now))
    name = stalls[0].step.name
    applied = noted(event, execution, case.actor.pk, is_driven=True, step_name=name)
    after = {"phase": str(execution.phase), "seq": applied.head_seq}
    audit.record(case.verb, execution, case.actor, before=audit.state(execution), after=after)
    return Phase(execution.phase)
