"""Replays of runs of agents."""

from __future__ import annotations

from pydantic import BaseModel, Field

from executions.api.schemas.shared import Body


class ReplayBody(Body):
    """As what a run is replayed; as its own version where neither is given."""

    version: int | None = Field(
        None, ge=1, le=2**31 - 1, description="Another version of its agent."
    )
    definition: str | None = Field(
        None, min_length=1, max_length=262_144, description="A text that is not applied yet."
    )


class Difference(BaseModel):
    """A difference that a replay found."""

    path: str = Field(description="The step; empty for the run itself.")
    text: str
    before: str
    after: str


class Replay(BaseModel):
    """The findings of a replay."""

    turns: int = Field(description="Turns that were walked again.")
    calls: int = Field(description="Tool calls that were walked again.")
    is_whole: bool = Field(description="Whether it was walked to where the run had ended.")
    differences: list[Difference] = Field(description="In the order of the steps, at most 200.")
