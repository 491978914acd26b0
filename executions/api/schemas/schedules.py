"""Schedules, and what became of their times."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from executions.api.schemas.shared import Body, Json, Links
from executions.models.schedule import LONGEST_NAME

ID = "sch-01ktf5k2h8x3m0q9v7b4n6c1za"
Name = Field(min_length=1, max_length=LONGEST_NAME, description="Of its owner, once.")
Cron = Field(
    "",
    max_length=100,
    description="minute hour day month weekday, in `time_zone`. Or give `every`.",
    examples=["30 2 * * 1-5"],
)
Every = Field(
    "",
    max_length=40,
    description="A duration of ISO 8601 or `15m`, at least 10 seconds, from when it was set.",
    examples=["PT15M"],
)
WhenMissed = Literal["one", "none"]
WhenBusy = Literal["skip", "allow"]


class Occurrence(BaseModel):
    """One time of a schedule, and what became of it."""

    id: str = Field(examples=["occ-01ktf5k2h8x3m0q9v7b4n6c1za"])
    schedule_id: str | None = Field(description="Null where the schedule was deleted.")
    schedule: str = Field(description="Its name, as it was.")
    due_at: datetime
    missed_from: datetime | None = Field(
        description="The first of earlier times that passed unseen; this one stands for them."
    )
    triggered_by: str | None = Field(description="The person who started it beside the times.")
    outcome: Literal["started", "skipped", "missed", "refused"] = Field(
        description="skipped: the last run had not ended."
    )
    said: str = Field(description="Why it was refused.")
    execution_id: str | None
    phase: str | None = Field(description="Of the run, as it is now.")


class Schedule(BaseModel):
    """At which times a workflow or an agent is started."""

    id: str = Field(examples=[ID])
    name: str
    owner: str = Field(description="Runs start in the name of this person.")
    group: str | None
    workflow: str | None = Field(description="The slug.")
    workflow_id: str | None
    agent: str | None
    agent_id: str | None
    input: Json = Field(description="Null: the workflow's default. Of an agent, the message.")
    cron: str
    every: str
    time_zone: str
    missed: WhenMissed
    overlap: WhenBusy
    state: Literal["active", "disabled", "paused"] = Field(
        description="disabled: a person turned it off. paused: Stigmer did, see `reason`."
    )
    reason: str
    state_at: datetime
    failures: int = Field(description="How many of its last runs failed, one after the other.")
    next_due_at: datetime | None
    next_times: list[datetime] = Field(description="The next five.")
    last: Occurrence | None
    created_at: datetime
    changed_at: datetime
    links: Links


class ScheduleBody(Body):
    """A schedule to be made: give `workflow` or `agent`, and `cron` or `every`."""

    name: str = Name
    workflow: str = Field("", max_length=320, description="Id or slug.")
    agent: str = Field("", max_length=320, description="Id or slug.")
    input: Json = None
    cron: str = Cron
    every: str = Every
    time_zone: str = Field("UTC", max_length=64, examples=["Europe/Berlin"])
    missed: WhenMissed = Field(
        "one", description="After an outage: one run for all times that passed, or none."
    )
    overlap: WhenBusy = Field(
        "skip", description="At a time at which the last run goes on: leave it out, or start one."
    )
    group: str = Field("", max_length=150, description="A group whose members may change it.")


class ChangeScheduleBody(Body):
    """The changes; what is left out stays."""

    name: str | None = Field(None, min_length=1, max_length=LONGEST_NAME)
    workflow: str | None = Field(None, max_length=320)
    agent: str | None = Field(None, max_length=320)
    input: Json = None
    cron: str | None = Field(None, max_length=100)
    every: str | None = Field(None, max_length=40)
    time_zone: str | None = Field(None, max_length=64)
    missed: WhenMissed | None = None
    overlap: WhenBusy | None = None
    group: str | None = Field(None, max_length=150)


class PauseBody(Body):
    """Why it is turned off."""

    reason: str = Field("", max_length=500)


class OfRun(BaseModel):
    """The schedule that started a run."""

    id: str | None = Field(description="Null where the schedule was deleted.")
    name: str
    due_at: datetime = Field(description="The time for which it was started.")
    triggered_by: str | None
