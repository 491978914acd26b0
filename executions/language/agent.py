"""An agent's definition: what it shall do, with which model and tools.

Read as strictly as a workflow's.

Source of the fields: the agent resource of the product (instructions, mcp_servers, skills,
sub_agents, environment).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    field_validator,
    model_validator,
)

from executions.calls.agent.limits import RunLimits
from executions.calls.parameters import OBJECT, TEXT, Model, Readers, shape
from executions.hosts import Hosts
from executions.language.model.workspace import Workspace
from executions.language.reading.explain import describe, explain
from executions.language.reading.problems import MOST_PROBLEMS, DefinitionError
from executions.language.reading.yaml import Limits, read

SHORTEST_INSTRUCTIONS = 10


def _long_enough(text: str) -> str:
    if len(text.strip()) < SHORTEST_INSTRUCTIONS:
        raise ValueError(
            f"`instructions` are too short: at least {SHORTEST_INSTRUCTIONS} characters"
        )
    return text


Name = Annotated[
    str,
    Field(min_length=1, max_length=300, pattern=r"^[^\x00-\x1f\x7f]+$", description="a short text"),
]
Instructions = Annotated[
    str,
    AfterValidator(_long_enough),
    Field(description=f"what it shall do, {SHORTEST_INSTRUCTIONS} characters or more"),
]


Approval = Literal["never", "always", "destructive"]
# The tool that every agent may be given: it asks the owner of the run.
ASK_A_PERSON = "ask_a_person"
# That by which it keeps a list of what is to be done.
TO_DOS = "to_dos"
MOST_TOOLS = 128
MOST_SKILLS = 50
MODEL_NAME = r"^[A-Za-z0-9_-]{1,64}$"


class Tool(Model):
    """Something that the agent may do: a registered function, a workflow, or asking a person."""

    function: Name | None = Field(
        None,
        description="the name of a registered Python function",
        json_schema_extra={"x-names": "functions"},
    )
    workflow: Name | None = Field(
        None,
        description="the name of a workflow that may be run",
        json_schema_extra={"x-names": "workflows"},
    )
    namespace: Name = Field("default", description="the namespace of the workflow")
    agent: Name | None = Field(
        None,
        description="the name of an agent that work is handed to",
        json_schema_extra={"x-names": "agents"},
    )
    mcp: Name | None = Field(None, description="the name of a declared MCP server")
    tool: Name | None = Field(
        None, description="which of the server's tools; all that are on if left out"
    )
    person: Literal[True] | None = Field(None, description="true: it asks the owner of the run")
    to_dos: Literal[True] | None = Field(
        None, alias="toDos", description="true: it keeps a list of what is to be done"
    )
    command: Literal[True] | None = Field(
        None, description="true: it runs lines for the shell in the sandbox"
    )
    name: str | None = Field(
        None, pattern=MODEL_NAME, description="what the model calls it: letters, digits, _ and -"
    )
    description: str = Field("", max_length=4_000, description="what the model is told of it")
    approval: Approval | None = Field(
        None,
        description="whether a person is asked first: never, always, or where it is destructive",
    )
    untrusted: bool = Field(
        False, description="true: anybody may have written what it returns, as in mail"
    )
    secrets: list[Name] = Field(
        default_factory=list,
        max_length=20,
        description="secrets that its arguments may name as `{{secret:NAME}}`",
    )

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        targets = [self.function, self.workflow, self.agent, self.mcp, self.person, self.to_dos]
        if sum(each is not None for each in (*targets, self.command)) != 1:
            raise ValueError(
                "a tool is one of `function`, `workflow`, `agent`, `mcp`, `person`, `toDos` and"
                " `command`"
            )
        if self.to_dos and self.name is not None:
            raise ValueError(f"the list of what is to be done is always called `{TO_DOS}`")
        if self.secrets and self.function is None and self.tool is None:
            raise ValueError("only a `function`, and one `tool` of a server, may name `secrets`")
        if self.tool is not None and self.mcp is None:
            raise ValueError("`tool` names a tool of the server under `mcp`")
        if self.mcp is not None and self.tool is None and self.name is not None:
            raise ValueError("a `name` is given to one `tool` of a server, not to all of them")
        return self


SkillName = Annotated[
    str,
    Field(
        max_length=300,
        pattern=r"^[^@\x00-\x1f\x7f]+(@[0-9a-f]{8,64})?$",
        description="the name of a skill, or `name@digest` for one version of it",
    ),
]


class AgentOutput(Model):
    """The last answer has to be data."""

    schema_: dict[str, Any] = Field(
        alias="schema", description="a JSON Schema of what the last answer is"
    )


class McpServer(Model):
    """A server of tools: reached by http, or a command that speaks on its standard streams."""

    name: Name
    transport: Literal["stdio", "http", "docker"] = "stdio"
    command: str | None = None
    arguments: list[str] = Field(default_factory=list)
    url: str | None = None
    image: str | None = None
    tools: list[str] = Field(
        default_factory=list, description="the tools that are enabled; all if left out"
    )

    @model_validator(mode="after")
    def _has_its_address(self) -> Self:
        needed = {"stdio": "command", "http": "url", "docker": "image"}[self.transport]
        if getattr(self, needed) is None:
            raise ValueError(f"a server with the transport {self.transport} needs `{needed}`")
        return self


class SubAgent(Model):
    """Another agent that this one may hand work to."""

    name: Name
    instructions: Instructions
    tools: list[str] = Field(default_factory=list)
    skills: list[str] = Field(default_factory=list)


class Variable(Model):
    """A variable of the environment that the agent wants.

    A secret one has no default: it would be readable here.
    """

    default: str | None = None
    secret: bool = False
    description: str = ""

    @model_validator(mode="after")
    def _keeps_secrets(self) -> Self:
        if self.secret and self.default is not None:
            raise ValueError(
                "a secret variable has no `default`: whoever reads the definition would know it"
            )
        return self


class AgentDocument(Model):
    """A definition that was found good."""

    kind: Literal["Agent"] = "Agent"
    name: Name
    instructions: Instructions
    description: str = ""
    model: str = Field("", max_length=200, description="the name of the model")
    icon_url: str = Field("", max_length=2000)
    tools: list[
        Annotated[Annotated[Tool, Tag(OBJECT)] | Annotated[Name, Tag(TEXT)], Discriminator(shape)]
    ] = Field(
        default_factory=list,
        max_length=MOST_TOOLS,
        description=f"names of registered functions, `{ASK_A_PERSON}`, `{TO_DOS}`, or objects",
    )
    approval: Approval = Field(
        "destructive", description="whether a person is asked before a tool that says nothing else"
    )
    trust: Literal["declared", "all"] = Field(
        "declared",
        description="all: nothing asks a person only because something untrusted was read before",
    )
    hosts: list[Name] | None = Field(
        None,
        max_length=100,
        description="the hosts that its tools may reach: `api.example.org`, `*.example.org`, with"
        " `:port` or without; any that the server allows if left out",
    )
    workspace: Workspace | None = Field(
        None,
        description="`temporary`, `none`, or an object: the folder in which its commands work",
    )
    limits: RunLimits = Field(
        default_factory=RunLimits, description="how far a run goes before a person is asked"
    )
    output: AgentOutput | None = Field(None, description="where the last answer has to be data")
    mcp_servers: list[McpServer] = Field(default_factory=list)
    skills: list[SkillName] = Field(
        default_factory=list,
        max_length=MOST_SKILLS,
        description="names of skills, which are read when they are needed",
    )
    sub_agents: list[SubAgent] = Field(default_factory=list)
    environment: dict[str, Variable] = Field(default_factory=dict)
    labels: dict[str, str] = Field(default_factory=dict)
    tags: list[str] = Field(default_factory=list)
    annotations: dict[str, Any] = Field(default_factory=dict)

    @property
    def has_workspace(self) -> bool:
        """Whether its commands share a folder."""
        return self.workspace not in (None, "none")

    def tool_entries(self) -> list[Tool]:
        """The tools, each as an object."""
        return [_as_tool(entry) if isinstance(entry, str) else entry for entry in self.tools]

    @field_validator("hosts")
    @classmethod
    def _are_hosts(cls, hosts: list[str] | None) -> list[str] | None:
        try:
            Hosts.from_entries(hosts or (), domains=True)
        except ValueError as problem:
            raise ValueError(f"`hosts`: {problem}") from None
        return hosts

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        for section, entries in (
            ("sub_agents", self.sub_agents),
            ("mcp_servers", self.mcp_servers),
        ):
            names = [entry.name for entry in entries]
            twice = next((name for name in names if names.count(name) > 1), None)
            if twice is not None:
                raise ValueError(f"two of the {section} are called `{twice}`")
        return self


def _as_tool(name: str) -> Tool:
    if name == TO_DOS:
        return Tool(toDos=True)
    return Tool(person=True) if name == ASK_A_PERSON else Tool(function=name)


@cache
def agent_schema() -> dict[str, Any]:
    """The JSON Schema of agents, for editors; ``x-names`` as in that of workflows."""
    return AgentDocument.model_json_schema(by_alias=True, mode="validation")


@dataclass(frozen=True, slots=True)
class AgentDefinition:
    """A good definition. ``digest`` is the SHA-256 of ``source`` in hex."""

    agent: AgentDocument
    document: dict[str, Any]
    source: str
    digest: str


def parse_agent(text: str, *, limits: Limits | None = None) -> AgentDefinition:
    """The agent in a YAML or JSON text.

    Raises DefinitionError with every problem, in document order.
    """
    source = read(text, limits)
    if not isinstance(source.document, dict):
        message = f"an agent has to be an object, this is {describe(source.document)}"
        raise DefinitionError(
            [source.problem((), message, "an object with `name` and `instructions`")]
        )
    readers = Readers()
    try:
        agent = AgentDocument.model_validate(source.document, context=readers)
    except ValidationError as error:
        problems = dict.fromkeys(explain(error, source, readers))
        ordered = sorted(problems, key=lambda problem: (problem.line, problem.column))
        raise DefinitionError(ordered[:MOST_PROBLEMS]) from None
    return AgentDefinition(agent, source.document, text, hashlib.sha256(text.encode()).hexdigest())


def load_agent(document: dict[str, Any]) -> AgentDocument:
    """A stored document, which was found good when it was applied."""
    return AgentDocument.model_validate(document)


def is_agent(text: str, *, limits: Limits | None = None) -> bool:
    """Whether the text describes an agent rather than a workflow.

    Raises DefinitionError where it cannot be read.
    """
    document = read(text, limits).document
    if not isinstance(document, dict) or "document" in document or "do" in document:
        return False
    return document.get("kind") == "Agent" or "instructions" in document
