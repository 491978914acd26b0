"""Names and words that the editor of definitions offers, and its picture of the text."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from dashboard import diff
from dashboard.graph.layers import Drawing, draw
from dashboard.graph.nodes import graph_of
from executions import language, policy
from executions.calls.python import functions
from executions.driving.lease import load_records
from executions.driving.rehearsals import Rehearsed, rehearse
from executions.driving.replays import replay
from executions.errors import Refused
from executions.language.agent import agent_schema
from executions.models import Agent, Execution, Workflow
from executions.said import Said
from executions.states import ENDED_PHASES, Phase

MOST_NAMES = 500
# So many of the newest runs are walked again with what an agent's text says.
MOST_REPLAYED = 3
# A drawing of more tasks takes longer than a writer pauses.
MOST_DRAWN = 400


@dataclass(frozen=True, slots=True)
class Look:
    """A text as it would be taken: ``result`` is what applying it would do, in words.

    ``changes`` are its lines beside those of the newest version, ``drawing`` the graph of a
    workflow.
    """

    result: str
    drawing: Drawing | None
    changes: Sequence[tuple[str, str]]


def look(parsed: Any, resource: Workflow | Agent | None) -> Look:
    """A text without problems. ``resource`` is what is being changed, if anything."""
    workflow = getattr(parsed, "workflow", None)
    drawing = None
    if isinstance(workflow, language.Workflow):
        graph = graph_of(workflow)
        drawing = draw(graph) if len(graph.nodes) <= MOST_DRAWN else None
    head = resource.head_version if resource is not None else None
    if head is None:
        return Look(_stores(1), drawing, [])
    if head.source == parsed.source:
        return Look(
            _("It is the text of version {number}.").format(number=head.number), drawing, []
        )
    changes = diff.lines(head.source, parsed.source)
    return Look(_stores(head.number + 1), drawing, changes)


def _stores(number: int) -> str:
    return _("Applying it stores version {number}.").format(number=number)


@dataclass(frozen=True, slots=True)
class Tried:
    """A dry run's result: of a workflow one walk, answered ``like`` an earlier run; of an agent
    what earlier runs would do otherwise, each with why it could not be walked again, if so.
    """

    rehearsed: Rehearsed | None = None
    like: Execution | None = None
    replayed: Sequence[tuple[Execution, Any, str]] = ()


def try_out(parsed: Any, user: Any, resource: Workflow | Agent | None, input_text: str) -> Tried:
    """A dry run of a text without problems; nothing is called or stored. ``input_text`` is the
    input of a workflow as JSON. Raises Refused.
    """
    if not isinstance(getattr(parsed, "workflow", None), language.Workflow):
        return Tried(replayed=_replayed(parsed.source, user, resource))
    like: Execution | None = (
        _runs(user, resource).filter(phase=Phase.COMPLETED).order_by("-id").first()
    )
    try:
        value = (
            json.loads(input_text) if input_text.strip() else like.input if like is not None else {}
        )
    except ValueError as problem:
        said = Said("The input of the dry run is no JSON: {problem}.", problem=problem)
        raise Refused("invalid", said) from problem
    records = load_records(like.pk) if like is not None else []
    rehearsal = rehearse(parsed, value, user, {each.path: each for each in records})
    return Tried(rehearsed=rehearsal, like=like)


def _runs(user: Any, resource: Workflow | Agent | None) -> Any:
    """The person's own runs of it: what happened in those of others is not told here."""
    rows = policy.visible_executions(user).filter(owner=user)
    if isinstance(resource, Workflow):
        return rows.filter(workflow=resource)
    return rows.filter(agent=resource) if resource is not None else rows.none()


def _replayed(
    text: str, user: Any, resource: Workflow | Agent | None
) -> list[tuple[Execution, Any, str]]:
    replays: list[tuple[Execution, Any, str]] = []
    rows = _runs(user, resource).filter(phase__in=ENDED_PHASES).order_by("-id")
    for run in rows[:MOST_REPLAYED]:
        try:
            replays.append((run, replay(run, text=text), ""))
        except Refused as refused:
            replays.append((run, None, refused.text))
    return replays


def words(user: Any, kind: str) -> dict[str, Any]:
    """The schema of a kind of definition, and the names that its texts may mention."""
    workflows, agents = policy.visible_workflows(user), policy.visible_agents(user)
    loaded_functions = functions.load_functions(settings.STIGMER_FUNCTION_MODULES)
    return {
        "schema": agent_schema() if kind == "agent" else language.json_schema(),
        "names": {
            "functions": sorted(loaded_functions)[:MOST_NAMES],
            "workflows": _slugs(workflows),
            "agents": _slugs(agents),
        },
    }


def _slugs(rows: Any) -> list[str]:
    return list(rows.order_by("slug").values_list("slug", flat=True)[:MOST_NAMES])
