"""Workflows, agents, their versions and instances, and conversations."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from executions.api.schemas.shared import Audits, Body, Json, Links, Metadata

Label = Annotated[str, StringConstraints(min_length=1, max_length=200)]
LabelName = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=r"\S")]


class ResourceSpec(BaseModel):
    """The part that its owner asked for."""

    description: str
    version: int | None
    digest: str | None = Field(description="SHA-256 of the definition.")
    document: Json = Field(None, description="The parsed definition; left out in lists.")
    namespace: str | None = None


class ResourceStatus(BaseModel):
    """The part that the system found."""

    default_instance_id: str | None
    warnings: list[str] = []
    audit: Audits


class Resource(BaseModel):
    """A workflow, an agent or a skill."""

    api_version: str
    kind: Literal["Workflow", "Agent", "Skill"]
    metadata: Metadata
    spec: ResourceSpec
    status: ResourceStatus
    links: Links


class Applied(BaseModel):
    """The outcome of applying a definition (or, dry, what it would be)."""

    result: Literal["created", "updated", "unchanged"]
    dry_run: bool
    id: str | None = Field(None, description="Null where a dry run would create it.")
    slug: str
    version: int
    warnings: list[str]
    links: Links | None = None


class ChangeBody(Body):
    """The settings that may change. The slug never does; a definition changes by applying it."""

    name: Name | None = None
    description: str | None = Field(None, max_length=20_000)
    visibility: Literal["shared", "private"] | None = None
    group: str | None = Field(
        None, max_length=150, description="The group that owns it; empty: none."
    )
    labels: dict[LabelName, Label] | None = Field(None, max_length=64)
    annotations: dict[LabelName, Annotated[str, StringConstraints(max_length=20_000)]] | None = (
        Field(None, max_length=64)
    )


class Version(BaseModel):
    """One immutable text."""

    id: str
    number: int
    digest: str
    warnings: list[str]
    message: str = Field(description="The author's word on the change; empty where there is none.")
    created_by: str
    created_at: datetime
    source: str | None = Field(None, description="The text as it was applied; left out in lists.")
    document: Json = None
    links: Links


class Instance(BaseModel):
    """One configured deployment of a workflow or an agent."""

    id: str
    slug: str
    parent_id: str
    description: str
    default_input: Json
    is_default: bool
    created_at: datetime
    links: Links


class InstanceBody(Body):
    """A new instance."""

    name: str = Field(min_length=1, max_length=300, description="Its slug is made of it.")
    description: str = Field("", max_length=20_000)
    default_input: Json = Field({}, description="The input of a run that names none.")


class ChangeInstanceBody(Body):
    """The settings of an instance that may change."""

    description: str | None = Field(None, max_length=20_000)
    default_input: Json = None


class Session(BaseModel):
    """A conversation: a thread of runs of one person with one agent."""

    id: str
    slug: str
    agent_id: str
    agent: str
    owner: str
    subject: str
    annotations: dict[str, Json] = {}
    created_at: datetime
    links: Links


class SessionBody(Body):
    """A new conversation."""

    subject: str = Field("", max_length=300)


class Notification(BaseModel):
    """An entry of the caller's inbox."""

    id: str
    event: str
    execution_id: str
    payload: Json
    created_at: datetime
    read_at: datetime | None
    settled: bool = Field(description="Its cause was mended, decided or answered meanwhile.")


class ReadBody(Body):
    """Which notifications were read."""

    ids: list[str] | None = Field(None, max_length=100, description="All of them where left out.")


class ReadResult(BaseModel):
    """How many were unread before and are read now."""

    read: int
    unread: int


class Token(BaseModel):
    """An API token, without its secret."""

    id: str
    name: str
    scopes: list[str]
    last_characters: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


class NewToken(Token):
    """A token that was just made."""

    secret: str = Field(description="Shown now and never again.")


class TokenBody(Body):
    """A new token."""

    name: Name
    scopes: list[Literal["read", "run", "act", "admin", "decide"]] = Field(
        min_length=1, max_length=5
    )
    days: int | None = Field(90, ge=1, le=3650, description="How long it lives; null for ever.")


class PersonalSettings(BaseModel):
    """How a person wants pages to be."""

    language: Literal["browser", "en", "de"] = Field(
        description="Of pages: `browser` is what the browser asks for. The API speaks English."
    )
    time_zone: str = Field(
        description="`browser`, or the name of a time zone.", examples=["Europe/Berlin"]
    )
    date_format: Literal["iso", "dots", "slashes"]
    theme: Literal["system", "light", "dark"]
    density: Literal["comfortable", "compact"] = Field(description="How dense lists are.")
    has_keys: bool = Field(description="Whether single keys are shortcuts.")
    columns: str = Field(
        description="Columns of the list of executions, commas between; empty: the usual ones.",
        examples=["status,what,owner,lasted"],
    )


class PersonalSettingsBody(Body):
    """The changes; what is left out stays."""

    language: Literal["browser", "en", "de"] | None = None
    time_zone: str | None = Field(None, max_length=64)
    date_format: Literal["iso", "dots", "slashes"] | None = None
    theme: Literal["system", "light", "dark"] | None = None
    density: Literal["comfortable", "compact"] | None = None
    has_keys: bool | None = None
    columns: str | None = Field(None, max_length=300)


class Failed(BaseModel):
    """A run that needs attention, as an administrator's list shows it."""

    execution_id: str
    workflow_id: str | None
    workflow: str | None
    owner: str
    phase: str
    reason: str
    failed_at: datetime | None
    retry_count: int
    step: str
    requires_manual_intervention: bool
    correlation_id: str
    links: Links
