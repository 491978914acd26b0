"""The parts of a sweep that do something only where a query finds a row: one statement, whose text
is kept, asks for all of them, so that a sweep of a system at rest costs next to nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db.models import QuerySet

from executions import audit, worker_identity
from executions.models import Proposal, Turn
from executions.models.questions import Questions
from executions.recovery import loads, outbox, reminders, rings, runners, violations
from executions.verbs import proposing

ORPHANS, DUE, NOTED = "orphans", "due", "load noted"


@dataclass(frozen=True, slots=True)
class Part:
    """``do`` is called where one of ``rows`` finds a row."""

    do: Callable[[], object]
    rows: Sequence[Callable[[], QuerySet[Any]]]


# In the order in which they are done.
PARTS: Mapping[str, Part] = {
    "silent runners": Part(runners.note_silent_runners, [runners.newly_silent]),
    "lost": Part(violations.repair_the_lost, violations.SEEN_AT_ONCE),
    "unsent": Part(outbox.send_what_is_unsent, [outbox.unsent]),
    "reminders": Part(reminders.remind, [reminders.due]),
    "proposals": Part(proposing.expire, [Proposal.objects.left_over, Proposal.objects.run_out]),
}


@dataclass(frozen=True, slots=True)
class Look:
    """``there`` are the names of what there is; ``trail`` is where the audit trail ends."""

    there: frozenset[str]
    trail: str

    def parts(self) -> list[Part]:
        """The parts that have something to do."""
        return [part for name, part in PARTS.items() if name in self.there]


def look() -> Look:
    """Ask now."""
    questions, names = _asked(worker_identity.host())
    answers, trail = questions.ask()
    return Look(frozenset(names[key] for key, is_there in answers.items() if is_there), trail or "")


@lru_cache(maxsize=4)
def _asked(host: str) -> tuple[Questions, dict[str, str]]:
    """The questions of a process of this host, and which name each of them answers for."""
    rows: dict[str, Sequence[QuerySet[Any]]] = {
        ORPHANS: [rings.rows_orphaned()],
        DUE: [rings.rows_late(rings.GRACE_SECONDS)],
        NOTED: [loads.of_this_minute()],
        **{name: [rows() for rows in part.rows] for name, part in PARTS.items()},
    }
    several = [(name, query) for name, queries in rows.items() for query in queries]
    asked = {str(number): query for number, (_, query) in enumerate(several)}
    names = {str(number): name for number, (name, _) in enumerate(several)}
    end = Turn.objects.filter(pk=audit.CHAIN).values("value")
    return Questions(asked, end), names
