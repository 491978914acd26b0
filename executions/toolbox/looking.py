"""The records that an assistant may look at, bounded: the same as the API's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Q

from executions import policy, sight
from executions.api import finding, history
from executions.api.render import approvals as render_approvals
from executions.api.render import executions as render
from executions.api.render import objectives as render_objectives
from executions.cli.display.standing import sentence
from executions.ids import parse_public_id
from executions.in_time import Time
from executions.models import Execution, Objective, Workflow
from executions.models.resource import holding
from executions.objectives.counting import LOOK_SECONDS
from executions.states import Phase
from executions.toolbox.problems import ToolProblem
from executions.verbs.rows import VERBS

MOST = 100
MOST_ENTRIES = 200
MOST_OBJECTIVES = 20
PHASES = [str(phase) for phase in Phase]
Arguments = Mapping[str, Any]
_HEAVY = ("input", "output", "error")


def workflows(user: User, arguments: Arguments) -> dict[str, Any]:
    rows = policy.visible_workflows(user).filter(_holding(arguments))
    return {"workflows": [_named(row) for row in rows.order_by("slug")[:MOST]]}


def workflow(user: User, arguments: Arguments) -> dict[str, Any]:
    row = finding.workflow(user, str(arguments["name"]))
    head = row.head_version
    return _named(row) | {
        "version": head.number if head else None,
        "input_schema": input_schema(row),
        "definition": head.source if head else "",
    }


def objectives(user: User, arguments: Arguments) -> dict[str, Any]:
    """All are counted in one time; what was not counted in it is null."""
    visible, time = policy.visible_workflows(user), Time(LOOK_SECONDS)
    if arguments.get("workflow"):
        visible = visible.filter(pk=finding.workflow(user, str(arguments["workflow"])).pk)
    rows = Objective.objects.filter(workflow__in=visible.values("pk"))
    rows = rows.select_related("workflow", "set_by").order_by("set_at")
    items = [
        {"workflow": row.workflow.slug}
        | render_objectives.objective(row, row.workflow, time).model_dump(mode="json")
        for row in rows[:MOST_OBJECTIVES]
    ]
    return {"objectives": items}


def agents(user: User, arguments: Arguments) -> dict[str, Any]:
    rows = policy.visible_agents(user).filter(_holding(arguments))
    return {"agents": [_named(row) for row in rows.order_by("slug")[:MOST]]}


def runs(user: User, arguments: Arguments) -> dict[str, Any]:
    rows = policy.visible_executions(user).select_related("owner", "workflow", "agent")
    if arguments.get("phase"):
        rows = rows.filter(phase=arguments["phase"])
    if arguments.get("workflow"):
        slug = str(arguments["workflow"])
        rows = rows.filter(Q(workflow__slug=slug) | Q(agent__slug=slug))
    newest = rows.defer(*_HEAVY).order_by("-id")[:MOST]
    return {"runs": [_brief(row) for row in newest]}


def run(user: User, arguments: Arguments) -> dict[str, Any]:
    row = execution(user, arguments.get("id"))
    rendered = render.execution(row).model_dump(mode="json")
    entries = history.entries(row, max(0, row.head_seq - MOST_ENTRIES), MOST_ENTRIES).items
    return _standing(user, row, rendered) | {
        "run": rendered,
        "history": [entry.model_dump(mode="json", exclude_none=True) for entry in entries],
    }


def why_not_moving(user: User, arguments: Arguments) -> dict[str, Any]:
    row = execution(user, arguments.get("id"))
    return _standing(user, row, render.execution(row, brief=True).model_dump(mode="json"))


def approvals(user: User, arguments: Arguments) -> dict[str, Any]:
    rows = policy.visible_asks(user).open().select_related("execution__owner", "step", "reviewer")
    rows = rows.select_related("execution__workflow", "execution__agent").prefetch_related(
        "users", "groups"
    )
    open_approvals = [render_approvals.approval(row) for row in rows.order_by("-pk")[:MOST]]
    return {"approvals": [each.model_dump(mode="json") for each in open_approvals]}


def execution(user: User, public_id: Any) -> Execution:
    """The run of this id. Raises ToolProblem where there is none that this person may see."""
    text = str(public_id or "")
    for kind, prefix in finding.PREFIXES.items():
        if parse_public_id(text, prefix) is not None:
            return finding.execution(user, text, kind)
    raise ToolProblem(f"There is no run {finding.shown(text)}. An id is like wex-… or aex-….")


def input_schema(row: Workflow) -> dict[str, Any] | None:
    """The schema of the input, where the workflow has one."""
    document = row.head_version.document if row.head_version else {}
    schema = ((document.get("input") or {}).get("schema") or {}).get("document")
    return schema if isinstance(schema, dict) else None


def _standing(user: User, row: Execution, rendered: dict[str, Any]) -> dict[str, Any]:
    role = policy.role(user, row)
    possible = [
        verb.name for verb in VERBS.values() if role in verb.roles and row.phase in verb.phases
    ]
    return {
        "id": row.public_id,
        "sentence": sentence(rendered),
        "seq": row.head_seq,
        "possible_now": possible,
    }


def _holding(arguments: Arguments) -> Q:
    return holding(str(arguments.get("text") or "")[:200])


def _named(row: Any) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "slug": row.slug,
        "name": row.name,
        "description": row.description,
    }


def _brief(row: Execution) -> dict[str, Any]:
    of = row.workflow or row.agent
    return {
        "id": row.public_id,
        "name": row.name,
        "of": of.slug if of else "",
        "phase": row.phase,
        "owner": row.owner.get_username(),
        "failure_reason": sight.reason_of(row),
        "current_step": row.current_step,
        "created_at": row.created_at.isoformat(),
    }
