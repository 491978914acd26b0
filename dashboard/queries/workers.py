"""Who works: processes that live, and those that died lately."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Q

from executions import clock
from executions.models import Execution, Process
from executions.models.unheard import BRIEFLY_SECONDS, Unheard, unheard


@dataclass(frozen=True, slots=True)
class Workers:
    living: list[Process]
    nobody: Unheard | None
    dead: list[Process]
    due: int
    held: int


def workers() -> Workers:
    held = Count("executions", filter=Q(executions__phase="IN_PROGRESS"))
    lately = clock.now() - timedelta(days=1)
    return Workers(
        living=list(
            Process.objects.living().driving().annotate(held=held).order_by("kind", "started_at")
        ),
        nobody=unheard(BRIEFLY_SECONDS),
        dead=list(Process.objects.driving().filter(dead_at__gt=lately).order_by("-dead_at")[:20]),
        due=Execution.objects.due().count(),
        held=Execution.objects.filter(phase="IN_PROGRESS").count(),
    )
