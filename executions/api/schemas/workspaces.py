"""The folder in which a run works, and the files that it has left."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from executions.api.schemas.shared import Links


class Workspace(BaseModel):
    """The folder of one run."""

    id: str
    execution_id: str
    state: Literal["making", "ready", "removed"]
    path: str = Field(description="Relative to the data folder; never a path of the host.")
    host: str = Field(description="The host that holds it: its run can go on there alone.")
    repository: str = Field(description="Empty where it is no git workspace.")
    branch: str
    start_commit: str
    end_commit: str = Field(description="Known once the run has ended.")
    files_changed: int | None = None
    insertions: int | None = None
    deletions: int | None = None
    uncommitted: int | None = Field(None, description="How many files are not committed.")
    size_bytes: int = Field(description="As it was measured last.")
    persistent: bool
    keep_until: datetime | None = None
    handed_to: str = Field(description="The run that went on in the folder, which this one had.")
    saved_commit: str = Field(
        description="The commit after a command, from which another host can make it again."
    )
    saved_at: datetime | None = None
    saved_problem: str = Field(description="Why the last time nothing was stored.")
    problem: str
    created_at: datetime
    removed_at: datetime | None = None
    links: Links


class Artifact(BaseModel):
    """A file that a run has left."""

    id: str
    name: str
    step: str = Field(description="The path of the step that left it; empty for the run's patch.")
    digest: str = Field(description="SHA-256 of its content, in hexadecimal.")
    size: int = Field(description="Bytes.")
    created_at: datetime
    links: Links


class Artifacts(BaseModel):
    """All that a run has left, by name."""

    items: list[Artifact]
