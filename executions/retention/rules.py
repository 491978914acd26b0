"""How long a run is kept after its end: by its workflow's or agent's rule, else by the setting.

A failure that nobody acknowledged is kept, whatever a rule says.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Coalesce

from executions import clock
from executions.ids import least_uuid7
from executions.journal.events import EventName
from executions.models import Event, Execution, RetentionRule
from executions.states import ENDED_PHASES, Phase

_OF: dict[str, str] = {"workflow": "workflow_id", "agent": "agent_id"}


@dataclass(frozen=True, slots=True)
class Cutoff:
    """Runs of ``of`` (None: of all that have no rule of their own) that ended in ``phase`` before
    ``before`` may go.
    """

    phase: Phase
    before: datetime
    kind: str = ""
    of: uuid.UUID | None = None
    excluded: tuple[tuple[str, uuid.UUID], ...] = ()

    def rows(self) -> QuerySet[Execution]:
        """Those runs, whatever their family is like; the oldest first."""
        rows = acknowledged(self.old()) if self.phase == Phase.FAILED else self.old()
        return rows.order_by("pk")

    def old(self) -> QuerySet[Execution]:
        """Those that are old enough, be it failures that nobody knows of."""
        # A run that began after the cutoff cannot have ended before it: its id says when it began.
        rows = Execution.objects.filter(phase=self.phase, pk__lt=least_uuid7(self.before))
        if self.of is not None:
            rows = rows.filter(**{_OF[self.kind]: self.of})
        for kind, key in self.excluded:
            rows = rows.exclude(**{_OF[kind]: key})
        return rows.annotate(over_at=Coalesce("ended_at", "failed_at")).filter(
            over_at__lt=self.before
        )


def cutoffs(now: datetime | None = None) -> list[Cutoff]:
    """The runs that may go now; none where no rule and no setting says so."""
    now = clock.now() if now is None else now
    own: dict[Phase, list[tuple[str, uuid.UUID]]] = {phase: [] for phase in ENDED_PHASES}
    all_cutoffs = []
    for rule, phase, kind, key in _own():
        own[phase].append((kind, key))
        if rule.days is not None:
            all_cutoffs.append(Cutoff(phase, now - timedelta(days=rule.days), kind, key))
    for name, days in settings.STIGMER_RETENTION.items():
        phase = Phase[name]
        all_cutoffs.append(Cutoff(phase, now - timedelta(days=days), excluded=tuple(own[phase])))
    return all_cutoffs


def _own() -> Iterator[tuple[RetentionRule, Phase, str, uuid.UUID]]:
    for rule in RetentionRule.objects.order_by("id"):
        kind = "workflow" if rule.workflow_id is not None else "agent"
        key = rule.workflow_id or rule.agent_id
        assert key is not None, "a constraint says so"
        yield rule, Phase[rule.phase], kind, key


def acknowledged(rows: QuerySet[Execution]) -> QuerySet[Execution]:
    """Failures of which somebody knows, since they failed last; none that waits for a person."""
    acknowledgements = Event.objects.filter(
        execution=OuterRef("pk"),
        name=EventName.ACKNOWLEDGED,
        created_at__gte=OuterRef("failed_at"),
    )
    return rows.filter(Exists(acknowledgements))
