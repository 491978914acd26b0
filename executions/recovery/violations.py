"""Finds what must not be: an active execution that is neither due, nor in somebody's hands, nor
waiting for something that is named. Constraints keep most of it out of the database; what is found
nevertheless is woken up and reported.
"""

from __future__ import annotations

from datetime import timedelta
from functools import cache

import structlog
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from executions import audit, clock
from executions.driving import report
from executions.journal.events import EventName
from executions.models import Execution, Step, Subscription
from executions.models.matching import waits_for
from executions.models.move import Move, Standing
from executions.models.moves import apply
from executions.models.questions import Questions
from executions.models.transactions import atomic
from executions.states import Phase, Runner, WaitingFor

# While it waits for these no time limit runs.
UNTIMED = waits_for(WaitingFor.DECISION) | waits_for(WaitingFor.FUNCTION_PROCESS)
MOST_PER_SWEEP = 100
log = structlog.get_logger(__name__)


def unwakeable() -> QuerySet[Execution]:
    """Those that wait for nothing that comes by itself, though no person and no event is asked."""
    listens = Subscription.objects.open().filter(execution=OuterRef("pk"))
    person = waits_for(WaitingFor.DECISION)
    return _never_due().exclude(person).exclude(Exists(listens))


def unasked() -> QuerySet[Execution]:
    """Those that wait for a person whom nobody asked."""
    asked = Step.objects.standing().filter(
        execution=OuterRef("pk"), waiting_for=WaitingFor.DECISION
    )
    return _never_due().filter(waits_for(WaitingFor.DECISION)).exclude(Exists(asked))


def pending_too_long() -> QuerySet[Execution]:
    """Those that are pending for a moment that is still to come."""
    moment = Now() + timedelta(minutes=1)
    return _ours().filter(phase=Phase.PENDING, wake_at__gt=moment)


def out_of_time() -> QuerySet[Execution]:
    """Those that wait longer than their time limit. No index finds them: each that waits is looked
    at.
    """
    late = Q(wake_at=None) | Q(wake_at__gt=F("timeout_at") + timedelta(seconds=1))
    return _ours().filter(late, phase=Phase.WAITING, timeout_at__lt=Now()).exclude(UNTIMED)


# The ones that indexes find.
SEEN_AT_ONCE = (unwakeable, unasked, pending_too_long)


def lost() -> dict[str, QuerySet[Execution]]:
    """The lost executions, by what is wrong with them."""
    return {
        "it waits, and nothing would wake it": unwakeable(),
        "it waits for a person, and nobody was asked": unasked(),
        "its time limit has passed": out_of_time(),
        "it is pending for a moment that is still to come": pending_too_long(),
    }


def repair_the_lost() -> int:
    """Wake up what is lost, and say so in its history, in the audit trail and in the log. How
    many.
    """
    rows_of, questions = _asked()
    there, _ = questions.ask()
    reasons = [why for why, is_there in there.items() if is_there]
    return sum(_wake(each, why) for why in reasons for each in rows_of[why].all()[:MOST_PER_SWEEP])


@cache
def _asked() -> tuple[dict[str, QuerySet[Execution]], Questions]:
    """The same queries and one question for all of them: nearly always there is nothing."""
    return (rows := lost()), Questions(rows)


def _wake(execution: Execution, why: str) -> bool:
    now = clock.now()
    move = Move(
        execution.pk,
        Standing(frozenset({Phase(execution.phase)}), execution.head_seq),
        columns={"wake_at": now, "rung_at": None},
        increments=("inbox",),
        events=[report.plain(EventName.FOUND_LOST, execution, now, why=why)],
        owner_id=execution.owner_id,
        correlation_id=execution.correlation_id,
        ring=execution.queue,
        at=now,
    )
    with atomic():
        applied = apply(move)
        if applied is None:
            return False
        after = {"phase": str(execution.phase), "seq": applied.head_seq}
        audit.record(
            "repair", execution, None, before=audit.state(execution), after=after, reason=why
        )
    log.error("a lost execution was found and woken", execution_id=execution.public_id, why=why)
    return True


def _ours() -> QuerySet[Execution]:
    return Execution.objects.filter(runner=Runner.OURS)


def _never_due() -> QuerySet[Execution]:
    return _ours().filter(phase=Phase.WAITING, wake_at=None)
