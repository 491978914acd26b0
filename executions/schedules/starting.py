"""Starting what is due: each time of each schedule once, however many workers look at it.

The time is taken by moving ``next_due_at`` on, in the transaction that starts the run and writes
its row; a worker that is killed before the commit leaves the time to the next look.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from functools import partial

import structlog
from django.conf import settings
from django.db import DatabaseError
from django.db.models import Q, QuerySet

from executions import clock, policy
from executions.errors import Refused
from executions.intake.pipeline import StageFailed
from executions.intake.start import start, start_agent
from executions.models import Agent, Execution, Occurrence, Schedule, Workflow
from executions.models.passing import trouble
from executions.models.schedule import Outcome, ScheduleState
from executions.models.transactions import atomic, run_tx
from executions.said import Said
from executions.schedules.deciding import MOST_FAILURES, Decision, decide
from executions.schedules.pausing import pause
from executions.schedules.reading import last_under_way, rule_of
from executions.states import ENDED_PHASES, Phase

MOST_AT_ONCE = 200
# Of times that started nothing so many are kept of each schedule.
KEPT = 100
LONGEST_SAID = 500
FAULT = "It could not be started because of a fault in Stigmer, which the log tells in full."
NO_MORE = "Its rule has no further time."
log = structlog.get_logger(__name__)
# Schedules that wait, and since which time of theirs.
_told_of: dict[uuid.UUID, datetime] = {}


def start_due() -> int:
    """Start what is due now; how many schedules were looked at."""
    # New runs are refused by every door then.
    if not settings.STIGMER_QUEUE:
        return 0
    due = Schedule.objects.due(clock.now()).order_by("next_due_at", "id")
    batch = list(due.values_list("pk", "next_due_at")[:MOST_AT_ONCE])
    for key, due_at in batch:
        if due_at is not None:
            _handle(key, due_at)
    return len(batch)


def _handle(key: uuid.UUID, due_at: datetime) -> None:
    """One schedule; what is wrong with it keeps no other waiting."""
    try:
        run_tx(partial(_take, key, due_at))
    except Refused as refused:
        # Once for each time, however often it is looked at until the run can begin.
        if _told_of.get(key) != due_at:
            _told_of[key] = due_at
            log.warning("a schedule waits", schedule=str(key), problem=refused.text)
    except Exception as problem:
        if isinstance(problem, DatabaseError) and trouble(problem) is not None:
            raise
        log.exception("a schedule could not be started", schedule=str(key))
        run_tx(partial(_pause_for_a_fault, key))


def _pause_for_a_fault(key: uuid.UUID) -> None:
    with atomic():
        schedule = Schedule.objects.select_for_update(of=("self",)).active().filter(pk=key).first()
        if schedule is not None:
            pause(schedule, FAULT)


def _take(key: uuid.UUID, due_at: datetime) -> None:
    """Take the time, and do what is to be done about it. Raises Refused (``unavailable``), and
    then nothing has changed.
    """
    with atomic():
        rows = Schedule.objects.active().filter(pk=key, next_due_at=due_at)
        related = rows.select_related("owner", "workflow__head_version", "agent__head_version")
        schedule = related.select_for_update(of=("self",)).first()
        if schedule is None:
            return
        now = clock.now()
        decision = decide(
            rule_of(schedule),
            due_at,
            now,
            missed=schedule.missed,
            overlap=schedule.overlap,
            is_under_way=last_under_way(schedule) is not None,
        )
        following = decision.next_due_at
        # The condition takes the time where a lock of rows does not exist (SQLite).
        if not rows.update(next_due_at=following or decision.due_at):
            return
        schedule.next_due_at = following
        if not _is_known(schedule, decision.due_at):
            _do(schedule, decision)
        if following is None and schedule.state == ScheduleState.ACTIVE:
            pause(schedule, NO_MORE)


def _is_known(schedule: Schedule, due_at: datetime) -> bool:
    """Whether this time had its turn: the clock was set back since."""
    return Occurrence.objects.filter(schedule=schedule, due_at=due_at, is_triggered=False).exists()


def _do(schedule: Schedule, decision: Decision) -> None:
    row = Occurrence(
        schedule=schedule,
        name=schedule.name,
        due_at=decision.due_at,
        missed_from=decision.missed_from,
        outcome=decision.outcome,
    )
    if decision.outcome == Outcome.STARTED:
        try:
            row.execution = begin(schedule)
        except Refused as refused:
            if refused.code == "unavailable":
                raise
            row.outcome, row.said = Outcome.REFUSED, refused.text[:LONGEST_SAID]
            row.save(force_insert=True)
            pause(schedule, f"Its run was refused: {refused.text}")
            return
        except StageFailed as problem:
            if trouble(problem.__cause__ or problem) is not None:
                raise
            log.exception("a schedule could not be started", schedule=schedule.public_id)
            row.outcome, row.said = Outcome.REFUSED, FAULT
            row.save(force_insert=True)
            pause(schedule, FAULT)
            return
        log.info(
            "schedule started a run",
            schedule=schedule.public_id,
            execution=row.execution.public_id,
            due_at=decision.due_at.isoformat(),
        )
    row.save(force_insert=True)
    _forget_old(schedule)


def begin(schedule: Schedule) -> Execution:
    """A run in the name of the schedule's owner, with the rights that they have now.

    Raises Refused.
    """
    owner = schedule.owner
    subject = schedule.subject
    if not owner.is_active:
        raise Refused(
            "forbidden",
            Said("The account of its owner {owner} is turned off.", owner=owner.get_username()),
            remedy="An administrator makes a schedule of another person, or turns the account on.",
        )
    policy.check_may_change_things(owner)
    if isinstance(subject, Workflow):
        if not policy.visible_workflows(owner).filter(pk=subject.pk).exists():
            raise _out_of_reach(subject)
        return start(subject, owner, input=schedule.input, name=schedule.name)
    if not policy.visible_agents(owner).filter(pk=subject.pk).exists():
        raise _out_of_reach(subject)
    return start_agent(subject, owner, message=str(schedule.input), name=schedule.name)


def _out_of_reach(subject: Workflow | Agent) -> Refused:
    return Refused(
        "forbidden",
        Said("Its owner may not run {name} any more.", name=subject.slug),
        remedy="Ask who owns it to share it again, then resume the schedule.",
    )


def _forget_old(schedule: Schedule) -> None:
    """Drop old rows of times that have no run (any more)."""
    idle = Occurrence.objects.filter(schedule=schedule, execution=None)
    if (last := idle.order_by("-pk").values_list("pk", flat=True)[KEPT:].first()) is not None:
        idle.filter(pk__lte=last).delete()


def count_ends() -> None:
    """Count runs that have ended, and pause schedules whose runs fail again and again."""
    for key, schedule_id in list(rows_ended().values_list("pk", "schedule_id")[:MOST_AT_ONCE]):
        run_tx(partial(_settle, key, schedule_id))


def rows_ended() -> QuerySet[Occurrence]:
    """Runs of schedules that have ended and were not counted yet."""
    ended = Q(execution__phase__in=ENDED_PHASES) | Q(execution=None)
    return Occurrence.objects.filter(ended, is_settled=False, outcome=Outcome.STARTED)


def _settle(key: uuid.UUID, schedule_id: uuid.UUID | None) -> None:
    with atomic():
        if not Occurrence.objects.filter(pk=key, is_settled=False).update(is_settled=True):
            return
        rows = Schedule.objects.select_for_update(of=("self",)).select_related("owner")
        schedule = rows.filter(pk=schedule_id).first() if schedule_id else None
        if schedule is None:
            return
        streak = _streak(schedule)
        Schedule.objects.filter(pk=schedule.pk).update(streak=streak)
        if schedule.state == ScheduleState.ACTIVE and streak >= MOST_FAILURES:
            pause(schedule, f"Its last {streak} runs failed, one after the other.")


def _streak(schedule: Schedule) -> int:
    """How many of the last runs failed in a row, as they stand now: one that was mended does not
    count, one that a person ended is passed over.
    """
    phases = Execution.objects.filter(
        occurrence__schedule=schedule,
        occurrence__created_at__gte=schedule.streak_from,
        phase__in=(Phase.FAILED, Phase.COMPLETED),
    )
    newest = phases.order_by("-occurrence__pk").values_list("phase", flat=True)[:MOST_FAILURES]
    count = 0
    for phase in newest:
        if phase != Phase.FAILED:
            break
        count += 1
    return count


def mend_times() -> int:
    """Bring back times that lie too far ahead, as they were set while the clock was wrong; how
    many.
    """
    now, mended = clock.now(), 0
    for schedule in Schedule.objects.active().iterator():
        coming = rule_of(schedule).following(now, 2)
        if len(coming) == 2 and schedule.next_due_at and schedule.next_due_at > coming[1]:
            rows = Schedule.objects.active().filter(
                pk=schedule.pk, next_due_at=schedule.next_due_at
            )
            mended += rows.update(next_due_at=coming[0])
    if mended:
        log.warning("schedules were due far too late, as after a wrong clock", schedules=mended)
    return mended
