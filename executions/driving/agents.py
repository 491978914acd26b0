"""What the walk of an agent is handed: what its run begins with, and what was said before it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User

from executions import clock, policy
from executions.agents.history import messages_of, steps_of
from executions.agents.paths import START
from executions.agents.program import AgentProgram
from executions.agents.tools import (
    Found,
    ToolUnusable,
    WorkflowFound,
    offered,
    wanted_servers,
    wanted_workflows,
)
from executions.agents.walking import AgentWalker, Surroundings
from executions.calls.python import functions
from executions.driving.drive import Drive
from executions.driving.lease import load_records
from executions.driving.tools_of_servers import tools_for
from executions.errors import Refused, WorkflowError
from executions.ids import parse_public_id
from executions.language.agent import AgentDocument
from executions.language.walking.requests import TaskFailed
from executions.language.walking.scope import Facts
from executions.mind.messages import Message
from executions.models import Execution, Step, Workflow
from executions.models.resource import meant_by
from executions.models.rows import RECORD_FIELDS, record_of

START_FORMAT = 1
MOST_RUNS_BEFORE = 100


def walker_for(drive: Drive, program: AgentProgram, facts: Facts) -> AgentWalker:
    """The walk of this run."""
    begin = partial(_begin, drive, program.agent)

    def history(start: dict[str, Any]) -> Sequence[Message]:
        return drive.store.call(partial(_history, start))

    surroundings = Surroundings(begin, history, drive.secrets.redact)
    return AgentWalker(program, drive.journal, facts, surroundings, now=clock.now)


def _begin(drive: Drive, agent: AgentDocument) -> dict[str, Any]:
    """What the run begins with, written down once: a later change of a tool changes no run."""
    try:
        functions.load_functions(settings.STIGMER_FUNCTION_MODULES)
        execution = drive.execution
        workflows = drive.store.call(partial(_workflows, execution, agent))
        servers = tools_for(
            drive.store, execution.owner_id, execution.public_id, wanted_servers(agent)
        )
        tools = offered(agent, Found(workflows, servers))
        model = agent.model or drive.store.call(partial(_only_model, drive.execution))
    except (ToolUnusable, functions.FunctionNotUsable, Refused) as problem:
        detail = problem.text if isinstance(problem, Refused) else str(problem)
        raise TaskFailed(WorkflowError.standard("configuration", detail), "") from problem
    return {
        "format": START_FORMAT,
        "instructions": agent.instructions,
        "model": model,
        "tools": [tool.as_json() for tool in tools],
        "goes_on_from": drive.store.call(partial(_goes_on_from, drive.execution)),
    }


def _only_model(execution: Execution) -> str:
    return str(policy.model_for(User.objects.get(pk=execution.owner_id), "").name)


def _workflows(execution: Execution, agent: AgentDocument) -> dict[tuple[str, str], WorkflowFound]:
    """The workflows among its tools, as the owner of the run may run them. Raises ToolUnusable."""
    owner = User.objects.get(pk=execution.owner_id)
    found = {}
    for namespace, name in wanted_workflows(agent):
        rows = policy.visible_workflows(owner).filter(namespace=namespace)
        row = meant_by(rows.select_related("head_version"), owner, name)
        if row is None or row.head_version is None:
            raise ToolUnusable(
                f"There is no workflow {name!r} in the namespace {namespace!r} that"
                f" {owner.get_username()} may run."
            )
        found[namespace, name] = _as_tool(row)
    return found


def _as_tool(row: Workflow) -> WorkflowFound:
    assert row.head_version is not None
    rule = row.head_version.document.get("input") or {}
    schema = (rule.get("schema") or {}).get("document")
    is_object = isinstance(schema, dict) and schema.get("type", "object") == "object"
    return WorkflowFound(
        row.slug, row.namespace, row.description or row.name, schema if is_object else None
    )


def _goes_on_from(execution: Execution) -> dict[str, Any] | None:
    """The messages of the run that this one goes on from, as the steps that hold them: what is
    decided about that run later changes nothing here.
    """
    said = execution.input if isinstance(execution.input, dict) else {}
    key = parse_public_id(str(said.get("from_run") or ""), "aex")
    if key is None:
        return None
    records = load_records(key)
    turns = said.get("from_turn")
    start = next((record for record in records if record.path == START), None)
    return {
        "run": said["from_run"],
        "start": str(start.id) if start else None,
        "has_message": turns != 0,
        "steps": [str(record.id) for record in steps_of(records, turns)],
    }


def _history(start: dict[str, Any]) -> Sequence[Message]:
    """What was said in the runs before this one, the oldest first."""
    found: list[list[Message]] = []
    before = start.get("goes_on_from")
    for _ in range(MOST_RUNS_BEFORE):
        if before is None:
            break
        if before["has_message"]:
            found.append(_said_in(before))
        before = _before(before["start"])
    return [message for messages in reversed(found) for message in messages]


def _said_in(before: dict[str, Any]) -> list[Message]:
    key = parse_public_id(before["run"], "aex")
    assert key is not None
    input: Any = Execution.objects.values_list("input", flat=True).get(pk=key)
    rows = Step.objects.filter(execution=key, pk__in=before["steps"])
    records = [record_of(row) for row in rows.values_list(*RECORD_FIELDS)]
    return messages_of(str(input["message"]), records)


def _before(start: str | None) -> dict[str, Any] | None:
    if start is None:
        return None
    output = Step.objects.filter(pk=start).values_list("output", flat=True).first()
    return output.get("goes_on_from") if isinstance(output, dict) else None
