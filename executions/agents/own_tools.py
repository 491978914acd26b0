"""Tools that a run carries out itself: nothing is called, and what they give is known at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from executions.agents import stored, todos
from executions.errors import WorkflowError

if TYPE_CHECKING:
    from executions.agents.walking import AgentWalker

Arguments = dict[str, Any]


class OwnToolFailed(Exception):
    """It can give nothing; the model is told why."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.error = WorkflowError.standard("runtime", detail, status=404)


def _noted(walker: AgentWalker, arguments: Arguments) -> str:
    return todos.noted(arguments)


def _skill(walker: AgentWalker, arguments: Arguments) -> str:
    name = str(arguments["name"])
    text = walker.surroundings.skill(walker.skills[name].digest)
    if text is None:
        raise OwnToolFailed(f"The skill {name} is not there any more.")
    return text


def _read_on(walker: AgentWalker, arguments: Arguments) -> str:
    key = str(arguments["id"])
    text = walker.surroundings.stored(key)
    if text is None:
        raise OwnToolFailed(f"This conversation has no result with the id {key}.")
    return stored.part(text, int(arguments.get("from", 0)))


# By the kind of the tool. Each gives its result, or raises OwnToolFailed.
OWN_TOOLS: dict[str, Callable[[AgentWalker, Arguments], str]] = {
    "todos": _noted,
    "skill": _skill,
    "stored": _read_on,
}
