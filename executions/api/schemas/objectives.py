"""The objective of a workflow, and what was reached of it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from executions.api.schemas.shared import Body
from executions.objectives.setting import (
    LEAST_PERCENT,
    MOST_PERCENT,
    MOST_SECONDS,
    USUAL_WITHIN_PERCENT,
)


class ObjectiveBody(Body):
    """The targets; one that is left out is no target any more."""

    success_percent: float | None = Field(
        None,
        ge=LEAST_PERCENT,
        le=MOST_PERCENT,
        description="So many of a hundred runs that end by themselves complete.",
    )
    within_seconds: int | None = Field(
        None, ge=1, le=MOST_SECONDS, description="Runs complete within so many seconds."
    )
    within_percent: float | None = Field(
        None,
        ge=LEAST_PERCENT,
        le=MOST_PERCENT,
        description=f"So many of a hundred that complete; {USUAL_WITHIN_PERCENT:g} if not said.",
    )


class Span(BaseModel):
    """What was reached in one time."""

    runs: int = Field(description="Runs that are measured.")
    wrong: int = Field(description="How many of them failed, or took too long.")
    reached_percent: float | None = Field(description="Null without a run.")
    burn: float | None = Field(
        description="The share that went wrong over the share that may; 1 is sustainable."
    )


class Target(BaseModel):
    """One target, measured."""

    name: Literal["success", "duration"]
    percent: float
    within_seconds: int | None
    budget_used: float | None = Field(
        description="The share of what may go wrong in 30 days; above 1 the target is missed."
        " Null without a run, and where not all days are counted."
    )
    last_hour: Span | None = Field(description="Null: it could not be counted in time.")
    last_24_hours: Span | None = Field(description="Null: it could not be counted in time.")
    last_7_days: Span | None = Field(description="Null: not all of these days are counted yet.")
    last_30_days: Span | None = Field(description="Null: not all of these days are counted yet.")


class Objective(BaseModel):
    """An objective; runs that were cancelled or terminated do not count."""

    workflow_id: str
    success_percent: float | None
    within_seconds: int | None
    within_percent: float | None
    set_by: str | None
    set_at: datetime
    counted_days: int = Field(
        description="How many of the 30 days are counted; below 30, ask again: it goes on there."
    )
    targets: list[Target]
