"""The tools of an agent as its run offers them: fixed when the run begins, and journaled.

A name that a model sees has at most 64 letters, digits, `_` and `-`, and is unique.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from executions.agents import skills, stored, todos
from executions.calls.command import COMMAND
from executions.calls.command.arguments import LONGEST_COMMAND
from executions.calls.kind import Effect
from executions.calls.python.functions import FunctionNotUsable, find
from executions.language.agent import ASK_A_PERSON, TO_DOS, AgentDocument, Tool
from executions.values import dumps

LONGEST_NAME = 64
RUN_COMMAND = "run_command"
LONGEST_DESCRIPTION = 1_024
Kind = Literal[
    "python", "workflow", "agent", "mcp", "person", "todos", "skill", "stored", "command"
]
_UNFIT = re.compile(r"[^A-Za-z0-9_-]+")
_DESTRUCTIVE: frozenset[Effect] = frozenset({"at_most_once", "transactional"})


@dataclass(frozen=True, slots=True)
class Offered:
    """One tool. ``target`` says what is called: a function, a workflow, or nobody.

    ``asks_first``: a person is asked before each call. ``is_destructive``: it may destroy or send
    something; ``is_untrusted``: what it returns may be written by anybody.
    """

    name: str
    kind: Kind
    target: dict[str, Any]
    description: str
    parameters: dict[str, Any]
    effect: Effect
    asks_first: bool
    is_destructive: bool = False
    is_untrusted: bool = False
    # Secrets that its arguments may name as `{{secret:NAME}}`.
    secrets: Sequence[str] = ()

    def as_json(self) -> dict[str, Any]:
        """As it is journaled; a tool without secrets as ever."""
        fields = asdict(self) | {"secrets": list(self.secrets)}
        return (
            fields if self.secrets else {name: fields[name] for name in fields if name != "secrets"}
        )

    def digest(self) -> str:
        """Of its definition: what an approval is bound to."""
        return hashlib.sha256(dumps(self.as_json()).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class WorkflowFound:
    """A workflow as a tool, with the input it takes, as far as its owner may run it."""

    name: str
    namespace: str
    summary: str
    schema: dict[str, Any] | None
    # It gives what anybody may have written: of the web, of events.
    reads_outside: bool = False


@dataclass(frozen=True, slots=True)
class ServerTool:
    """A tool of an MCP server as it was taken. ``approval`` is the operator's word; empty: what the
    agent says counts.
    """

    server: str
    name: str
    description: str
    parameters: dict[str, Any]
    effect: str
    approval: str
    is_destructive: bool
    is_trusted: bool = True


@dataclass(frozen=True, slots=True)
class Found:
    """The records that were read for the tools of an agent: workflows by namespace and name, tools
    of servers by server and tool (None: all).
    """

    workflows: dict[tuple[str, str], WorkflowFound]
    servers: dict[tuple[str, str | None], list[ServerTool]]
    skills: Sequence[skills.SkillTaken] = ()


class ToolUnusable(Exception):
    """A tool of the agent cannot be offered: why, and what to do."""


def wanted_workflows(agent: AgentDocument) -> list[tuple[str, str]]:
    """Namespace and name of the workflows among its tools."""
    entries = agent.tool_entries()
    return [(entry.namespace, entry.workflow) for entry in entries if entry.workflow is not None]


def wanted_servers(agent: AgentDocument) -> list[tuple[str, str | None]]:
    """Servers and their tools among its tools. Raises ToolUnusable."""
    if agent.mcp_servers:
        name = agent.mcp_servers[0].name
        raise ToolUnusable(
            "`mcp_servers` says how a server is reached, which only an operator may say here. Write"
            f" `{{mcp: {name}}}` under `tools`, for a server that an administrator has declared."
        )
    return [(entry.mcp, entry.tool) for entry in agent.tool_entries() if entry.mcp is not None]


def offered(agent: AgentDocument, resources: Found) -> list[Offered]:
    """The tools that a run of this agent offers. Raises ToolUnusable."""
    tools: list[Offered] = []
    for entry in agent.tool_entries():
        for tool in _offered(entry, agent, resources):
            tools.append(_named(tool, entry, [each.name for each in tools]))
    if resources.skills:
        tools.append(_reader(resources.skills, {each.name for each in tools}))
    return tools


def loaded(stored: Iterable[dict[str, Any]]) -> dict[str, Offered]:
    """Those that a run began with, by name."""
    return {tool["name"]: Offered(**tool) for tool in stored}


def cleaned(name: str) -> str:
    """A name for a model, of any text."""
    return _UNFIT.sub("_", name).strip("_")[:LONGEST_NAME] or "tool"


def _named(tool: Offered, entry: Tool, taken: Collection[str]) -> Offered:
    name = entry.name or cleaned(tool.name)
    if name in taken:
        if entry.name:
            raise ToolUnusable(f"Two tools are called {name}: give one of them another `name`.")
        number = 2
        while f"{name[: LONGEST_NAME - 4]}_{number}" in taken:
            number += 1
        name = f"{name[: LONGEST_NAME - 4]}_{number}"
    return Offered(**(asdict(tool) | {"name": name}))


def _offered(entry: Tool, agent: AgentDocument, resources: Found) -> list[Offered]:
    if entry.function is not None:
        return [_function(entry.function, entry, agent)]
    if entry.workflow is not None:
        return [_workflow(resources.workflows[entry.namespace, entry.workflow], entry, agent)]
    if entry.agent is not None:
        return [_agent(entry.agent, entry, agent)]
    if entry.mcp is not None:
        tools = resources.servers[entry.mcp, entry.tool]
        return [_of_server(tool, entry, agent) for tool in tools]
    if entry.to_dos:
        text = entry.description or todos.DESCRIPTION
        return [Offered(TO_DOS, "todos", {}, text, todos.PARAMETERS, "pure", asks_first=False)]
    if entry.command:
        return [_command(entry, agent)]
    return [_person(entry)]


def reader_of_results(names: Collection[str]) -> Offered:
    """The tool that is offered once a result was too large to be shown whole."""
    name = stored.READ_RESULT if stored.READ_RESULT not in names else f"{stored.READ_RESULT}_2"
    return Offered(
        name, "stored", {}, stored.DESCRIPTION, stored.PARAMETERS, "pure", asks_first=False
    )


def _reader(taken: Sequence[skills.SkillTaken], names: Collection[str]) -> Offered:
    name, schema = skills.READ_SKILL, skills.parameters([each.name for each in taken])
    if name in names:
        raise ToolUnusable(f"`{name}` reads the skills: give the tool of that name another one.")
    return Offered(name, "skill", {}, skills.DESCRIPTION, schema, "pure", asks_first=False)


def _of_server(tool: ServerTool, entry: Tool, agent: AgentDocument) -> Offered:
    """The agent's word counts where the operator has said nothing; an agent may always ask more
    often than the operator wants.
    """
    own_approval = entry.approval or agent.approval
    approval = (
        "always" if "always" in (tool.approval, entry.approval) else tool.approval or own_approval
    )
    asks = approval == "always" or (approval == "destructive" and tool.is_destructive)
    target = {"server": tool.server, "tool": tool.name, "effect": tool.effect}
    text = (entry.description or tool.description)[:LONGEST_DESCRIPTION]
    effect: Any = tool.effect
    name = f"{tool.server}__{tool.name}"
    return Offered(
        name,
        "mcp",
        target,
        text,
        tool.parameters,
        effect,
        asks,
        is_destructive=tool.is_destructive,
        is_untrusted=not tool.is_trusted or entry.untrusted,
        secrets=tuple(entry.secrets),
    )


def _agent(name: str, entry: Tool, agent: AgentDocument) -> Offered:
    """Its effects are not known here, so it counts as destructive; its own tools ask too."""
    message = {"type": "string", "minLength": 1, "description": "what it shall do"}
    schema = {
        "type": "object",
        "properties": {"message": message},
        "required": ["message"],
        "additionalProperties": False,
    }
    text = entry.description or f"Hands work to the agent {name} and gives its answer."
    asks = _asks_first(entry, agent, "at_most_once")
    target = {"agent": name}
    return Offered(
        f"agent_{name}", "agent", target, text, schema, "idempotent", asks, is_destructive=True
    )


def _command(entry: Tool, agent: AgentDocument) -> Offered:
    """In a workspace it may destroy what is there; without one it leaves nothing behind."""
    folder = "the folder that you work in" if agent.has_workspace else "an empty folder"
    text = entry.description or (
        f"Runs a line for /bin/sh in {folder} and gives its exit code and what it wrote. It has no"
        " network."
    )
    line = {"type": "string", "minLength": 1, "maxLength": LONGEST_COMMAND}
    schema = {
        "type": "object",
        "properties": {"command": line | {"description": "the line"}},
        "required": ["command"],
        "additionalProperties": False,
    }
    effect = COMMAND.effect_of({"workspace": agent.has_workspace})
    asks = _asks_first(entry, agent, effect)
    return Offered(
        RUN_COMMAND,
        "command",
        {"workspace": agent.has_workspace},
        text,
        schema,
        effect,
        asks,
        is_destructive=effect in _DESTRUCTIVE,
        is_untrusted=entry.untrusted,
    )


def _person(entry: Tool) -> Offered:
    text = entry.description or "Asks a person a question and gives their answer."
    schema = {
        "type": "object",
        "properties": {"question": {"type": "string", "minLength": 1, "maxLength": 1_900}},
        "required": ["question"],
        "additionalProperties": False,
    }
    return Offered(ASK_A_PERSON, "person", {}, text, schema, "idempotent", asks_first=False)


def _function(name: str, entry: Tool, agent: AgentDocument) -> Offered:
    try:
        function = find(name)
    except FunctionNotUsable as problem:
        raise ToolUnusable(f"The tool {name!r}: {problem}.") from problem
    text = entry.description or _first_paragraph(function.call.__doc__ or name)
    asks = _asks_first(entry, agent, function.effect)
    target = {"function": name}
    is_destructive = function.effect in _DESTRUCTIVE
    schema, effect = function.json_schema(), function.effect
    return Offered(
        name,
        "python",
        target,
        text,
        schema,
        effect,
        asks,
        is_destructive=is_destructive,
        is_untrusted=entry.untrusted,
        secrets=tuple(entry.secrets),
    )


def _workflow(workflow: WorkflowFound, entry: Tool, agent: AgentDocument) -> Offered:
    """Starting it twice is prevented by its place in the journal; what it does is not known here,
    so that it counts as destructive.
    """
    schema = workflow.schema if workflow.schema is not None else {"type": "object"}
    text = entry.description or workflow.summary or f"Runs the workflow {workflow.name}."
    asks = _asks_first(entry, agent, "at_most_once")
    target = {"namespace": workflow.namespace, "name": workflow.name}
    name, text = f"run_{workflow.name}", text[:LONGEST_DESCRIPTION]
    is_untrusted = workflow.reads_outside or entry.untrusted
    return Offered(
        name,
        "workflow",
        target,
        text,
        schema,
        "idempotent",
        asks,
        is_destructive=True,
        is_untrusted=is_untrusted,
    )


def _asks_first(entry: Tool, agent: AgentDocument, effect: Effect) -> bool:
    approval = entry.approval or agent.approval
    return approval == "always" or (approval == "destructive" and effect in _DESTRUCTIVE)


def _first_paragraph(text: str) -> str:
    return " ".join(text.strip().partition("\n\n")[0].split())[:LONGEST_DESCRIPTION]
