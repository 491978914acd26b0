"""``call: agent``: an agent, as a run of its own that is waited for."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from executions.calls.agent.limits import RunLimits
from executions.calls.kind import CallKind
from executions.calls.parameters import Model

LONGEST_MESSAGE = 100_000


class AgentArguments(Model):
    """``with`` of ``call: agent``."""

    agent: str = Field(
        min_length=1,
        max_length=300,
        description="the name of an agent",
        json_schema_extra={"x-names": "agents"},
    )
    message: str = Field(
        min_length=1,
        max_length=LONGEST_MESSAGE,
        description="what is said to it, or an expression that gives it",
    )
    input: Any = Field(None, description="data that it is shown below the message, as JSON")
    model: str | None = Field(
        None, min_length=1, max_length=200, description="another model than its own"
    )
    limits: RunLimits | None = Field(None, description="how far it goes, where that is less")


AGENT = CallKind(
    "agent",
    AgentArguments,
    needs="an object with `agent` and `message`",
    # It is found by its place in the journal, so that no crash starts a second one.
    effect_of=lambda arguments: "idempotent",
    destinations=("agent", "model"),
    starts_run=True,
    takes_secrets=False,
)
