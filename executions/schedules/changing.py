"""Making, changing and deleting schedules, turning them off and on, and starting a run of one now:
the one place that every door calls.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError
from django.db.models import Q

from executions import audit, clock, policy, sight
from executions.accounts import groups
from executions.errors import Finding, Refused
from executions.ids import parse_public_id
from executions.intake.create_execution import check_input
from executions.intake.readiness import require_queue
from executions.models import Agent, Occurrence, Schedule, Workflow
from executions.models.resource import meant_by
from executions.models.schedule import LONGEST_NAME, Missed, Outcome, Overlap, ScheduleState
from executions.models.transactions import atomic, persistent
from executions.said import Said
from executions.schedules import rule
from executions.schedules.reading import last_under_way, rule_of
from executions.schedules.starting import begin

MOST = 200
RULE = ("cron", "every", "time_zone")
# A schedule has one of each two: to name one takes the other away.
INSTEAD = (("cron", "every"), ("workflow", "agent"))


@dataclass(frozen=True, slots=True)
class Wanted:
    """The schedule that a person wants. ``workflow`` or ``agent`` is an id or a slug; ``group`` is
    the name of a group, or empty.
    """

    name: str
    workflow: str = ""
    agent: str = ""
    input: Any = None
    cron: str = ""
    every: str = ""
    time_zone: str = "UTC"
    missed: str = Missed.ONE
    overlap: str = Overlap.SKIP
    group: str = ""


def wanted_of(schedule: Schedule) -> Wanted:
    """The schedule as it stands, as somebody would want it."""
    return Wanted(
        name=schedule.name,
        workflow=schedule.workflow.public_id if schedule.workflow else "",
        agent=schedule.agent.public_id if schedule.agent else "",
        input=schedule.input,
        cron=schedule.cron,
        every=schedule.every,
        time_zone=schedule.time_zone,
        missed=schedule.missed,
        overlap=schedule.overlap,
        group=schedule.group.name if schedule.group else "",
    )


@persistent
def create(actor: User, wanted: Wanted, owner: User | None = None) -> Schedule:
    """An active schedule of this person, or of the one for whom an administrator makes it.

    Raises Refused, and then nothing is stored.
    """
    owner = owner or actor
    policy.check_may_change_things(actor)
    if owner != actor and not policy.is_admin(actor):
        raise Refused("forbidden", "Only an administrator makes schedules of others.")
    _check_may_own(owner)
    now = clock.now()
    schedule = Schedule(owner=owner, anchor_at=now, streak_from=now)
    with atomic():
        if Schedule.objects.filter(owner=owner).count() >= MOST:
            message = Said("A person has at most {most} schedules.", most=MOST)
            raise Refused("conflict", message, remedy="Delete one that is not needed.")
        _fill(schedule, wanted, actor)
        schedule.next_due_at = _next(schedule)
        _save(schedule)
        _keep("create schedule", schedule, actor, after=_trail_columns(schedule))
    return schedule


def check(wanted: Wanted, owner: User, actor: User) -> None:
    """Raises Refused where this is no schedule for this owner."""
    now = clock.now()
    _fill(Schedule(owner=owner, anchor_at=now, streak_from=now), wanted, actor)


@persistent
def change(schedule: Schedule, actor: User, changes: Mapping[str, Any]) -> Schedule:
    """Change what is named, by the names of :class:`Wanted`; its next time follows a new rule.

    Raises Refused, and then nothing is changed.
    """
    with atomic():
        row = _locked(schedule, actor)
        before = tuple(getattr(row, name) for name in RULE)
        wanted = {**asdict(wanted_of(row)), **changes}
        for name, other in (*INSTEAD, *((other, name) for name, other in INSTEAD)):
            if changes.get(name) and not changes.get(other):
                wanted[other] = ""
        _fill(row, Wanted(**wanted), actor)
        if before != tuple(getattr(row, name) for name in RULE):
            row.anchor_at = clock.now()
            row.next_due_at = _next(row) if row.state == ScheduleState.ACTIVE else None
        row.changed_at = clock.now()
        _save(row)
        _keep("change schedule", row, actor, after=_trail_columns(row))
    return row


@persistent
def delete(schedule: Schedule, actor: User) -> None:
    """Delete it. Runs that it started stay, and keep its name. Raises Refused."""
    with atomic():
        row = _locked(schedule, actor)
        row.occurrences.filter(execution=None).delete()
        _keep("delete schedule", row, actor)
        row.delete()


@persistent
def disable(schedule: Schedule, actor: User, reason: str = "") -> Schedule:
    """Start nothing more until it is resumed. Raises Refused."""
    with atomic():
        row = _locked(schedule, actor)
        if row.state == ScheduleState.DISABLED:
            return row
        _stand(row, ScheduleState.DISABLED, reason)
        _keep("disable schedule", row, actor, reason=reason)
    return row


@persistent
def resume(schedule: Schedule, actor: User) -> Schedule:
    """Start runs again, from the next time on; failures are counted anew. Raises Refused where the
    schedule could not start anything as it stands.
    """
    with atomic():
        row = _locked(schedule, actor)
        if row.state == ScheduleState.ACTIVE:
            return row
        _check_may_own(row.owner)
        _fill(row, wanted_of(row), row.owner)
        row.streak, row.streak_from = 0, clock.now()
        _stand(row, ScheduleState.ACTIVE, "")
        _keep("resume schedule", row, actor)
    return row


@persistent
def trigger(schedule: Schedule, actor: User) -> Occurrence:
    """Start a run now, whatever its times and state are; its times stay as they are.

    Raises Refused, also where its last run has not ended and it allows no second one.
    """
    require_queue()
    with atomic():
        row = _locked(schedule, actor)
        running = last_under_way(row)
        if running is not None and row.overlap == Overlap.SKIP:
            raise Refused(
                "conflict",
                Said("Its run {run} has not ended.", run=running.public_id),
                state=running.phase,
                remedy="Wait for it or cancel it, or let runs of this schedule overlap.",
            )
        execution = begin(row)
        made = Occurrence.objects.create(
            schedule=row,
            name=row.name,
            due_at=clock.now(),
            by=actor,
            is_triggered=True,
            outcome=Outcome.STARTED,
            execution=execution,
        )
        _keep("trigger schedule", row, actor, after={"execution": execution.public_id})
    return made


def not_theirs(schedule: Schedule) -> Refused:
    """The answer to somebody who may see it and not change it."""
    return Refused(
        "forbidden",
        Said(
            "The schedule {schedule} belongs to {owner}.",
            schedule=schedule.name,
            owner=schedule.owner.get_username(),
        ),
        remedy="Only its owner, its group or an administrator may change it.",
    )


def _locked(schedule: Schedule, actor: User) -> Schedule:
    """Its row under its lock. Raises Refused where this person may not change it."""
    if not policy.may_change_schedule(actor, schedule):
        policy.check_may_change_things(actor)
        raise not_theirs(schedule)
    rows = Schedule.objects.select_related("owner", "group", "workflow__head_version", "agent")
    locked = rows.select_for_update(of=("self",)).filter(pk=schedule.pk).first()
    if locked is None:
        raise Refused(
            "not_found",
            Said("The schedule {schedule} was deleted meanwhile.", schedule=schedule.name),
        )
    return locked


def _stand(row: Schedule, state: ScheduleState, reason: str) -> None:
    row.state, row.reason, row.state_at = state, reason[:500], clock.now()
    row.next_due_at = _next(row) if state == ScheduleState.ACTIVE else None
    _save(row)


def _fill(row: Schedule, wanted: Wanted, actor: User) -> None:
    """Write what is wanted into the row. Raises Refused with all that is wrong."""
    owner = row.owner
    row.name = wanted.name.strip()
    row.cron, row.every = " ".join(wanted.cron.split()), rule.written(wanted.every)
    row.time_zone, row.input = wanted.time_zone, wanted.input
    row.missed, row.overlap = wanted.missed, wanted.overlap
    findings = _problems(row)
    row.workflow, row.agent, missing = _subject(wanted, owner)
    findings += missing
    findings += _problems_of_input(row)
    if findings:
        raise Refused(
            "invalid",
            "This is no schedule yet.",
            remedy="Correct what is named and send it again.",
            findings=findings,
        )
    if wanted.group != (row.group.name if row.group else ""):
        row.group = groups.owning(wanted.group, actor)
    sight.check_not_masked(actor, row.input)


def _problems(row: Schedule) -> list[Finding]:
    findings = []
    if not row.name or len(row.name) > LONGEST_NAME or not row.name.isprintable():
        said = Said("a name has 1 to {most} printable characters", most=LONGEST_NAME)
        findings.append(Finding("/name", said))
    for name, choices in (("missed", Missed), ("overlap", Overlap)):
        if getattr(row, name) not in choices.values:
            allowed = ", ".join(choices.values)
            findings.append(
                Finding(f"/{name}", Said("has to be one of {allowed}", allowed=allowed))
            )
    return findings + rule.problems(row.cron, row.every, row.time_zone, clock.now())


def _subject(wanted: Wanted, owner: User) -> tuple[Workflow | None, Agent | None, list[Finding]]:
    """The workflow or agent that the owner means, as far as they may run it."""
    if bool(wanted.workflow) == bool(wanted.agent):
        said = Said("a schedule starts a `workflow` or an `agent`, one of the two")
        return None, None, [Finding("/workflow", said)]
    if wanted.workflow:
        workflows = policy.visible_workflows(owner).select_related("head_version")
        workflow = _by_id(workflows, wanted.workflow) or meant_by(workflows, owner, wanted.workflow)
        missing = _missing("workflow", wanted.workflow) if workflow is None else []
        return workflow, None, missing
    agents = policy.visible_agents(owner).select_related("head_version")
    agent = _by_id(agents, wanted.agent) or meant_by(agents, owner, wanted.agent)
    return None, agent, _missing("agent", wanted.agent) if agent is None else []


def _by_id(rows: Any, text: str) -> Any:
    key = parse_public_id(text, "wfl", "agt")
    return rows.filter(pk=key).first() if key else None


def _missing(kind: str, name: str) -> list[Finding]:
    return [
        Finding(
            f"/{kind}",
            Said(
                "there is no {kind} {name!r} that its owner may run",
                kind=Said(kind),
                name=name[:60],
            ),
        )
    ]


def _problems_of_input(row: Schedule) -> list[Finding]:
    """The objections to the input: to the message of an agent, or of the workflow's own schema."""
    if row.agent is not None:
        is_message = isinstance(row.input, str) and row.input.strip()
        return [] if is_message else [Finding("/input", "of an agent it is the message, a text")]
    if row.workflow is None or row.workflow.head_version is None:
        return []
    run_input = row.input
    if run_input is None:
        instance = row.workflow.default_instance
        run_input = instance.default_input if instance is not None else {}
    try:
        check_input(row.workflow.head_version.document, run_input, str(row.owner_id))
    except Refused as refused:
        if refused.code != "invalid":
            raise
        return list(refused.findings) or [Finding("/input", refused.message)]
    return []


def _check_may_own(owner: User) -> None:
    if not owner.is_active:
        raise Refused(
            "conflict",
            Said("The account of its owner {owner} is turned off.", owner=owner.get_username()),
            remedy="Make a schedule of your own in its place, or turn the account on.",
        )
    policy.check_may_change_things(owner)


def _next(row: Schedule) -> Any:
    next_time = rule_of(row).next_after(clock.now())
    if next_time is None:
        raise Refused("invalid", "Its rule has no further time.", remedy="Change the rule.")
    return next_time


def _save(row: Schedule) -> None:
    others = Schedule.objects.filter(~Q(pk=row.pk), owner=row.owner, name=row.name)
    taken = Refused(
        "conflict",
        Said(
            "{owner} has a schedule named {name!r} already.",
            owner=row.owner.get_username(),
            name=row.name,
        ),
        remedy="Choose another name.",
    )
    if others.exists():
        raise taken
    try:
        with atomic():
            row.save()
    except IntegrityError:
        if not others.exists():
            raise
        raise taken from None


def _trail_columns(row: Schedule) -> dict[str, Any]:
    """The columns that the trail keeps; inputs may hold what is nobody else's business."""
    rule_ = f"{row.cron or row.every} {row.time_zone if row.cron else ''}".strip()
    starts = row.subject.slug
    return {"name": row.name, "starts": starts, "rule": rule_, "state": str(row.state)}


def _keep(
    verb: str,
    row: Schedule,
    actor: User,
    after: dict[str, Any] | None = None,
    reason: str = "",
) -> None:
    audit.record_installation(verb, row.public_id, actor, after=after, reason=reason)
