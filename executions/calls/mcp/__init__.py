"""A call of a tool of an MCP server, by an agent. No task of a workflow makes it."""

from __future__ import annotations

from typing import Any, cast

from pydantic import Field

from executions.calls.kind import Arguments, CallKind, Effect
from executions.calls.parameters import Model


class McpArguments(Model):
    """Which tool of which server is called with what.

    ``effect`` is what was said of it when the run began; ``called_before`` whether the run has
    called this server already.
    """

    server: str = Field(min_length=1, description="the name of a declared server")
    tool: str = Field(min_length=1, description="the name of one of its tools")
    effect: str = Field("at_most_once", description="what it does to the world")
    called_before: bool = Field(False, description="whether the run has called it already")
    arguments: dict[str, Any] = Field(default_factory=dict)


def _effect_of(arguments: Arguments) -> Effect:
    """A tool without a word about its effect may be called only once."""
    effect = (arguments or {}).get("effect")
    effects = ("pure", "idempotent", "at_most_once")
    return cast("Effect", effect) if effect in effects else "at_most_once"


MCP = CallKind(
    "mcp",
    McpArguments,
    needs="an object with `server` and `tool`",
    effect_of=_effect_of,
    destinations=("server", "tool"),
    takes_secrets=False,
)
