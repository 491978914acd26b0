"""Shapes that every resource has."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

API_VERSION = "agentic.stigmer.ai/v1"
Json = Any
# Written by us to the microsecond; a datetime would be cut to milliseconds on its way out.
Timestamp = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]


class Body(BaseModel):
    """A request's body: a field that is not known is refused."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False)


class Audit(BaseModel):
    """Its author, the person who changed it last, and when."""

    created_by: str | None = None
    created_at: datetime | None = None
    updated_by: str | None = None
    updated_at: datetime | None = None
    event: str = Field(description="created or updated: what happened last.")


class Audits(BaseModel):
    """The owner's part and the system's part are dated apart."""

    spec_audit: Audit
    status_audit: Audit


class Metadata(BaseModel):
    """Name and standing of a resource."""

    id: str = Field(examples=["wfl-01ktf5k2h8x3m0q9v7b4n6c1za"])
    name: str
    slug: str = Field(description="Never changes, whatever the name becomes.")
    owner: str = Field(description="The user name of its owner.")
    visibility: str | None = Field(None, description="shared or private.")
    group: str | None = Field(None, description="The group that owns it, beside its owner.")
    labels: dict[str, Json] = {}
    annotations: dict[str, Json] = {}
    tags: Json = None
    created_at: datetime


class Links(BaseModel):
    """Where to go on from here."""

    model_config = ConfigDict(extra="allow")
    self: str


class FieldProblem(BaseModel):
    """One finding: where it is, and what is wrong there."""

    detail: str
    pointer: str | None = Field(None, description="JSON pointer into the body, as a URI fragment.")
    parameter: str | None = Field(
        None, description="The query parameter, header or part of the path."
    )
    line: int | None = None
    column: int | None = None
    expected: str | None = None
    suggestion: str | None = None


class ProblemDetails(BaseModel):
    """Problem details (RFC 9457). Every answer from 400 on has this shape."""

    model_config = ConfigDict(extra="allow")
    type: str = Field(
        examples=["/problems/wrong-phase"], description="Stable; its page explains it."
    )
    title: str
    status: int
    detail: str
    instance: str
    correlation_id: str
    remedy: str = Field(description="The thing to do now.")
    state: str | None = Field(None, description="Its state now, where that is the reason.")
    errors: list[FieldProblem] | None = None
    existing_id: str | None = Field(None, description="Of a conflict: the one that exists.")
    pipeline_step: str | None = Field(
        None, description="Which step of the request's pipeline refused it, as the log names it."
    )
