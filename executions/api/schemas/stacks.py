"""The stacks of the functions of a run."""

from __future__ import annotations

from pydantic import BaseModel, Field


class Frame(BaseModel):
    """A line that a thread stands at; no values."""

    file: str = Field(description="Below the folder that modules come from.")
    line: int
    function: str


class FunctionCall(BaseModel):
    """A function that runs now."""

    function: str
    path: str = Field(description="The step that calls it.")
    stacks: list[list[Frame]] = Field(
        description="One of each thread, the newest call first; none where it did not say."
    )


class LiveStack(BaseModel):
    """The worker's answer."""

    said: str = Field(description="Why there is none; empty where there is one.")
    calls: list[FunctionCall] = Field(description="At most 10.")
