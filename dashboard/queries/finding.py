"""The palette finds runs, workflows, agents and schedules by a few letters of their names, or by
their ids.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from dashboard.queries import agents, schedules, workflows
from dashboard.words import phase_look
from executions import policy
from executions.in_time import in_time
from executions.models import Execution, Schedule
from executions.searching.search import Search

SHORTEST = 2
LONGEST = 200
MOST = 5


@dataclass(frozen=True, slots=True)
class Hit:
    """One place to go to. ``kind`` is what it is, in a word, ``note`` what tells it apart from
    others of this name.
    """

    kind: str
    name: str
    note: str
    address: str


def find(user: Any, text: str) -> list[Hit]:
    """The first few of each kind that this person may see."""
    if len(text) < SHORTEST:
        return []
    hits = [
        Hit(_("Workflow"), row.name, row.slug, reverse("workflow", args=[row.public_id]))
        for row in workflows.page(user, text, MOST)
    ]
    hits += [
        Hit(_("Agent"), row.name, row.slug, reverse("agent", args=[row.public_id]))
        for row in agents.page(user, text, MOST)
    ]
    hits += [
        Hit(_("Schedule"), row.name, _starts(row), reverse("schedule", args=[row.public_id]))
        for row in schedules.named(user, text, MOST)
    ]
    runs = in_time("runs for the palette", lambda: _runs(user, text)) or []
    return hits + [
        Hit(
            _("Execution"),
            run.name,
            " · ".join(_details(run)),
            reverse("execution", args=[run.public_id]),
        )
        for run in runs
    ]


def _starts(row: Schedule) -> str:
    return f"{_(row.get_state_display())} · {row.subject.slug}"


def _details(run: Execution) -> list[str]:
    parts = [phase_look(run.phase).word, run.public_id]
    return [_("agent"), *parts] if run.kind == "agent" else parts


def _runs(user: Any, text: str) -> list[Execution]:
    rows = policy.visible_executions(user).matching(Search(text=text))
    return list(rows.only("id", "kind", "name", "phase").order_by("-id")[:MOST])
