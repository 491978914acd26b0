"""Starts of the whole installation: what was found unfinished, and what has become of it since."""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from django.db.models import QuerySet

from executions.journal.events import EventName
from executions.models import Boot, Event, Execution, Process, Turn
from executions.models.claiming import left_behind
from executions.models.transactions import atomic
from executions.recovery.processes import Watch, declare_the_dead
from executions.states import UNDER_WAY, Runner

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SinceStart:
    """No execution counts twice.

    ``recovered`` go on again, ``waiting`` are still to be taken over, ``need_person`` could not be
    recovered, or were and wait for a decision about what was interrupted.
    """

    boot: Boot
    recovered: int
    waiting: int
    need_person: int

    def is_worth_saying(self) -> bool:
        return bool(self.recovered or self.waiting or self.need_person)


def note_start(process: Process) -> Boot | None:
    """Keep a record if this worker is the first one that lives.

    Clean: nobody had died without signing off.
    """
    with atomic():
        Turn.objects.locked("boot")
        unsigned = [dead for dead in declare_the_dead(Watch()) if dead.kind == "worker"]
        unsigned += Process.objects.workers().silent()
        if Process.objects.workers().living().exclude(pk=process.pk).exists():
            return None
        incomplete = Execution.objects.filter(runner=Runner.OURS, phase__in=UNDER_WAY).count()
        boot = Boot.objects.create(
            host=process.host,
            version=process.version,
            is_clean=not unsigned,
            incomplete_count=incomplete,
        )
    log.info(
        "installation started",
        after="a clean stop" if boot.is_clean else "a crash",
        incomplete=incomplete,
    )
    return boot


def since_start(executions: QuerySet[Execution]) -> SinceStart | None:
    """The fate of these executions since the last start; None where there was none."""
    boot = Boot.objects.first()
    if boot is None:
        return None
    events = Event.objects.filter(created_at__gte=boot.at, actor=None)
    recovered = events.filter(name=EventName.RECOVERED).values("execution_id")
    tried = events.filter(name__in=(EventName.RECOVERED, EventName.RECOVERY_FAILED)).values(
        "execution_id"
    )
    left = executions.filter(left_behind())
    settled = executions.exclude(pk__in=left.values("pk"))
    return SinceStart(
        boot,
        recovered=settled.filter(pk__in=recovered, requires_manual_intervention=False).count(),
        waiting=left.count(),
        need_person=settled.filter(pk__in=tried, requires_manual_intervention=True).count(),
    )
