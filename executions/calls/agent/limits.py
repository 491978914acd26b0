"""How far a run of an agent goes by itself."""

from __future__ import annotations

from pydantic import Field

from executions.calls.parameters import Model


class RunLimits(Model):
    """How far a run goes before a person is asked whether it shall go on."""

    turns: int = Field(30, ge=1, le=1_000, description="requests to the model")
    tool_calls: int = Field(100, alias="toolCalls", ge=1, le=10_000, description="calls of tools")
    tokens: int = Field(1_000_000, ge=1, description="tokens read and written")
    seconds: int = Field(3_600, ge=1, description="seconds that turns and tool calls took")
    cost: float | None = Field(
        None, gt=0, allow_inf_nan=False, description="what it costs, by the prices of the models"
    )
    depth: int = Field(
        3, ge=0, le=16, description="how many agents deep work is handed on; 0: not at all"
    )

    def under(self, others: RunLimits | None) -> RunLimits:
        """Of each limit the lower one."""
        if others is None:
            return self
        lower = {
            name: min(
                value for value in (getattr(self, name), getattr(others, name)) if value is not None
            )
            for name in others.model_fields_set
            if getattr(others, name) is not None
        }
        return self.model_copy(update=lower)
