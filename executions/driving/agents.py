"""The things that the walk of an agent is handed: what its run begins with, and what was said
before it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User

from executions import clock, policy
from executions.agents.history import messages_of, steps_of
from executions.agents.paths import START
from executions.agents.program import AgentProgram
from executions.agents.taint import reads_outside, taint_in
from executions.agents.tools import (
    Found,
    ServerTool,
    ToolUnusable,
    WorkflowFound,
    offered,
    wanted_servers,
    wanted_workflows,
)
from executions.agents.walking import AgentWalker, Surroundings
from executions.calls.python import functions
from executions.driving import approved, queued, stored_values
from executions.driving.drive import Drive
from executions.driving.lease import load_records
from executions.driving.skills import skills_for, text_of_skill
from executions.driving.store import Store
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


def starts_with(
    execution: Execution,
    agent: AgentDocument,
    servers: dict[tuple[str, str | None], list[ServerTool]],
) -> dict[str, Any]:
    """The things that a run of this agent begins with, where its servers offer these tools.

    Raises ToolUnusable, FunctionNotUsable, Refused.
    """
    functions.load_functions(settings.STIGMER_FUNCTION_MODULES)
    skills = skills_for(execution, agent)
    tools = offered(agent, Found(_workflows(execution, agent), servers, skills))
    return {
        "format": START_FORMAT,
        "instructions": agent.instructions,
        "model": agent.model or _only_model(execution),
        "tools": [tool.as_json() for tool in tools],
        **({"skills": [skill.as_json() for skill in skills]} if skills else {}),
        "goes_on_from": _goes_on_from(execution),
    }


def walker_for(drive: Drive, program: AgentProgram, facts: Facts) -> AgentWalker:
    """The walk of this run."""
    begin = partial(_begin, drive, program.agent)
    around = surroundings_of(drive.store, drive.execution, drive.secrets.redact, begin)
    return AgentWalker(program, drive.journal, facts, around, now=clock.now)


def surroundings_of(
    store: Store,
    execution: Execution,
    hide: Callable[[str], str],
    begin: Callable[[], dict[str, Any]],
) -> Surroundings:
    """Everything that the walk of a run reads of the database."""

    def history(start: dict[str, Any]) -> Sequence[Message]:
        return store.call(partial(_history, start))

    def skill(digest: str) -> str | None:
        return store.call(partial(text_of_skill, digest))

    def keep(value: Any) -> str:
        return store.call(partial(stored_values.keep, execution.pk, value))

    def stored(begins: str) -> str | None:
        runs = store.call(partial(_runs_before, execution))
        return store.call(partial(stored_values.find, runs, begins))

    def said(path: str, taken: Collection[str]) -> list[dict[str, Any]]:
        return store.call(partial(queued.waiting, execution.pk, taken))

    def is_taken_back(tool: str, since: str, path: str) -> bool:
        return store.call(partial(approved.is_taken_back, execution.pk, tool, since))

    return Surroundings(begin, history, hide, skill, keep, stored, is_taken_back, said)


def _begin(drive: Drive, agent: AgentDocument) -> dict[str, Any]:
    """The run writes down once what it begins with: a later change of a tool changes no run."""
    execution = drive.execution
    try:
        hosts = [*(execution.confined_to or ()), *([] if agent.hosts is None else [agent.hosts])]
        wanted = wanted_servers(agent)
        servers = tools_for(drive.store, execution.owner_id, execution.public_id, wanted, hosts)
        return drive.store.call(partial(starts_with, execution, agent, servers))
    except (ToolUnusable, functions.FunctionNotUsable, Refused) as problem:
        detail = problem.text if isinstance(problem, Refused) else str(problem)
        raise TaskFailed(WorkflowError.standard("configuration", detail), "") from problem


def _only_model(execution: Execution) -> str:
    return str(policy.model_for(User.objects.get(pk=execution.owner_id), "").name)


def _workflows(execution: Execution, agent: AgentDocument) -> dict[tuple[str, str], WorkflowFound]:
    """The workflows among its tools, as the owner of the run may run them. Raises ToolUnusable."""
    owner = User.objects.get(pk=execution.owner_id)
    tools = {}
    for namespace, name in wanted_workflows(agent):
        rows = policy.visible_workflows(owner).filter(namespace=namespace)
        row = meant_by(rows.select_related("head_version"), owner, name)
        if row is None or row.head_version is None:
            raise ToolUnusable(
                f"There is no workflow {name!r} in the namespace {namespace!r} that"
                f" {owner.get_username()} may run."
            )
        tools[namespace, name] = _as_tool(row)
    return tools


def _as_tool(row: Workflow) -> WorkflowFound:
    assert row.head_version is not None
    rule = row.head_version.document.get("input") or {}
    schema = (rule.get("schema") or {}).get("document")
    is_object = isinstance(schema, dict) and schema.get("type", "object") == "object"
    return WorkflowFound(
        row.slug,
        row.namespace,
        row.description or row.name,
        schema if is_object else None,
        reads_outside(row.head_version.document),
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
    began = start.output if start is not None else None
    tainted_by = taint_in(began, records) if isinstance(began, dict) else ""
    return {
        "run": said["from_run"],
        "start": str(start.id) if start else None,
        "has_message": turns != 0,
        **({"tainted_by": tainted_by} if tainted_by else {}),
        "steps": [str(record.id) for record in steps_of(records, turns)],
    }


def _history(start: dict[str, Any]) -> Sequence[Message]:
    """The messages of the runs before this one, the oldest first."""
    turns: list[list[Message]] = []
    before = start.get("goes_on_from")
    for _ in range(MOST_RUNS_BEFORE):
        if before is None:
            break
        if before["has_message"]:
            turns.append(_said_in(before))
        before = _before(before["start"])
    return [message for messages in reversed(turns) for message in messages]


def _runs_before(execution: Execution) -> list[uuid.UUID]:
    """This run, and those that it goes on from."""
    keys: list[uuid.UUID | None] = [execution.pk]
    start = Step.objects.standing().filter(execution=execution, path=START).first()
    before = start.output.get("goes_on_from") if start is not None else None
    while before is not None and len(keys) <= MOST_RUNS_BEFORE:
        keys.append(parse_public_id(before["run"], "aex"))
        before = _before(before["start"])
    return [key for key in keys if key is not None]


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
