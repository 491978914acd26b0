"""An agent as something that is driven: what doors and verbs ask of a workflow's definition, asked
of an agent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from executions.agents.paths import (
    START,
    call_path,
    call_place,
    compaction_number,
    is_check,
    is_said,
    turn_number,
    turn_path,
)
from executions.calls.duration import Duration
from executions.calls.kind import Effect
from executions.calls.table import EVERY_CALL
from executions.journal.paths import WORKSPACE
from executions.journal.records import StepRecord
from executions.language import load
from executions.language.agent import AgentDocument, load_agent
from executions.language.model.task import TaskBase, TaskMetadata
from executions.language.model.workflow import Workflow
from executions.mind.messages import calls_of

# A turn is broken off by its model's silence long before.
LONGEST_TURN = Duration(seconds=1_800.0)


class AgentTask(TaskBase):
    """A step of an agent: a turn, a tool call, a question. No definition holds one."""

    kind = "agent"
    call: ClassVar[str] = ""

    def effect(self, arguments: Any) -> Effect:
        return EVERY_CALL[self.call].effect_of(arguments if isinstance(arguments, dict) else None)

    def walk(self, walker: Any, record: StepRecord, frame: Any) -> Any:
        raise NotImplementedError("the walk of an agent makes its steps itself")


class Turn(AgentTask):
    """One request to a model."""

    call = "model"


class FunctionCall(AgentTask):
    """A tool that is a registered function."""

    call = "python"
    hides_secrets = True


class ServerCall(AgentTask):
    """A tool of an MCP server."""

    call = "mcp"
    hides_secrets = True


class CommandCall(AgentTask):
    """A line for the shell."""

    call = "command"


class MakeWorkspace(AgentTask):
    """The folder in which its commands work is made."""

    call = "workspace"


class AnyCall(AgentTask):
    """A tool call of which only its arguments tell what it is."""

    call = "python"

    def effect(self, arguments: Any) -> Effect:
        fields = arguments if isinstance(arguments, dict) else {}
        if "shell" in fields:
            return COMMAND_CALL.effect(fields)
        return (SERVER_CALL if "server" in fields else FUNCTION_CALL).effect(fields)


class Question(AgentTask):
    """Something that is asked of people."""

    call = "human"


TURN = Turn(metadata=TaskMetadata(attemptTimeout=LONGEST_TURN))
FUNCTION_CALL, SERVER_CALL, QUESTION = FunctionCall(), ServerCall(), Question()
COMMAND_CALL, MAKE_WORKSPACE = CommandCall(), MakeWorkspace()
CALL = AnyCall()


class AgentProgram(Workflow):
    """An agent in the place of a workflow: it has no list of tasks, its steps are found by path."""

    agent: AgentDocument

    def step_at(self, path: str) -> TaskBase | None:
        """The task at this path. Of a tool call only its arguments tell what it is: one that is no
        function runs nowhere and repeats nothing, which is what is asked here.
        """
        if turn_number(path) is not None or compaction_number(path) is not None:
            return TURN
        if call_place(path) is not None:
            return CALL
        if path == WORKSPACE:
            return MAKE_WORKSPACE
        is_ours = path == START or is_check(path) or is_said(path)
        return None if is_ours else QUESTION

    def first_path(self) -> str:
        return START

    def path_after(self, records: Mapping[str, StepRecord], path: str) -> str:
        """The next turn or tool call; empty where only the run itself can tell."""
        if path == START:
            return turn_path(1)
        if (following := compaction_number(path)) is not None:
            return turn_path(following)
        turn, place = (turn_number(path), 0) if turn_number(path) else (call_place(path) or (0, 0))
        record = records.get(turn_path(turn)) if turn else None
        calls = calls_of(record.output) if record and isinstance(record.output, dict) else []
        if turn is None or not calls:
            return ""
        return call_path(turn, place + 1) if place < len(calls) else turn_path(turn + 1)


# The parts that a workflow has beside its tasks, and an agent has not.
_EMPTY = {
    "document": {"dsl": "1.0.0", "namespace": "agents", "name": "agent", "version": "1.0.0"},
    "do": [{"nothing": {"set": {"nothing": None}}}],
}


def program(document: dict[str, Any]) -> AgentProgram:
    """The program that is driven for a stored agent."""
    agent, empty = load_agent(document), load(_EMPTY)
    fields = {name: getattr(empty, name) for name in Workflow.model_fields}
    return AgentProgram.model_construct(**fields | {"do": [], "agent": agent})
