"""The workers: processes that live, and those that died lately."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboard.queries import figures, loads
from executions import clock, policy
from executions.models import Execution, Process
from executions.models.unheard import BRIEFLY_SECONDS, Unheard, unheard
from executions.sandbox import PROMISES

# Of all runs that are driven now, the newest are named.
DRIVEN = 200


@dataclass(frozen=True, slots=True)
class Kept:
    """A promise of the sandbox on one worker; ``why`` it does not hold, empty where it does."""

    says: str
    why: str


@dataclass(frozen=True, slots=True)
class Workers:
    living: list[Process]
    nobody: Unheard | None
    dead: list[Process]
    due: int
    held: int
    drained: int
    oldest_due: datetime | None
    load: loads.LoadOfDay


def workers(user: policy.Person) -> Workers:
    """``driven`` of a living one are the runs that it drives now and this person may see."""
    lately = clock.now() - timedelta(days=1)
    living = list(Process.objects.living().driving().with_held().order_by("kind", "started_at"))
    _name_what_they_drive(user, living)
    loads.name_loads(living)
    return Workers(
        living=living,
        nobody=unheard(BRIEFLY_SECONDS),
        dead=list(Process.objects.driving().filter(dead_at__gt=lately).order_by("-dead_at")[:20]),
        due=Execution.objects.due().count(),
        drained=sum(process.drained_at is not None for process in living),
        held=Execution.objects.filter(phase="IN_PROGRESS").count(),
        oldest_due=figures.oldest_due(),
        load=loads.of_the_day(),
    )


def _name_what_they_drive(user: policy.Person, living: list[Process]) -> None:
    rows = policy.visible_executions(user).filter(phase="IN_PROGRESS")
    rows = rows.only("id", "kind", "name", "process_id", "current_step", "started_at")
    of_process: dict[object, list[Execution]] = {}
    for run in rows.order_by("-id")[:DRIVEN]:
        of_process.setdefault(run.process_id, []).append(run)
    for process in living:
        vars(process)["driven"] = of_process.get(process.pk, [])


def promises(process: Process) -> list[Kept]:
    """The promises of the worker's sandbox, each with what was found as it was tried."""
    report = process.sandbox or {}
    missing = report.get("missing", {})
    return [Kept(each.says, missing.get(name, "")) for name, each in PROMISES.items() if report]
