"""Things that a workflow can name once and use often: retry policies, errors, time-outs; and data
transforms.

Source: Serverless Workflow DSL 1.0, reference, Retry, Error, Timeout, Input, Output, Export,
Schema.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    AliasChoices,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    model_validator,
)

from executions.calls.duration import Duration
from executions.calls.parameters import OBJECT, TEXT, Model, shape, uri_template

Formula = Annotated[str, Field(min_length=1, description="a jq expression, with or without ${ }")]
Transform = Annotated[
    Annotated[dict[str, Any], Tag(OBJECT)] | Annotated[Formula, Tag(TEXT)],
    Discriminator(shape),
    Field(description="a jq expression, or an object that holds expressions"),
]


class Schema(Model):
    """A JSON Schema that data has to fulfil."""

    not_yet = ("resource",)

    format: str = Field("json", pattern=r"^json(:.+)?$", description="`json`")
    document: dict[str, Any] | bool = Field(description="a JSON Schema")


class InputTransform(Model):
    schema_: Schema | None = Field(None, alias="schema")
    from_: Transform | None = Field(None, alias="from")


class OutputTransform(Model):
    schema_: Schema | None = Field(None, alias="schema")
    as_: Transform | None = Field(None, alias="as")


class ExportTransform(OutputTransform):
    """The values that a task writes into the workflow's context."""


class Timeout(Model):
    after: Duration = Field(description="a duration")


TimeoutOrName = Annotated[
    Annotated[Timeout, Tag(OBJECT)]
    | Annotated[str, Tag(TEXT), Field(json_schema_extra={"x-names": "/use/timeouts"})],
    Discriminator(shape),
]


class ConstantBackoff(Model):
    """Every delay is the policy's ``delay``."""


class LinearBackoff(Model):
    """The n-th delay is ``delay`` + (n - 1) x ``increment``; without an increment n x ``delay``."""

    increment: Duration | None = None


class ExponentialBackoff(Model):
    """The n-th delay is ``delay`` x ``multiplier`` to the power of n - 1."""

    multiplier: float = Field(2.0, ge=1, le=100)


class Backoff(Model):
    """How delays grow: exactly one of the three.

    Parameters inside are ours; the DSL leaves them open.
    """

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    constant: ConstantBackoff | None = None
    exponential: ExponentialBackoff | None = None
    linear: LinearBackoff | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if sum(kind is not None for kind in (self.constant, self.exponential, self.linear)) != 1:
            raise ValueError("exactly one is needed: `constant`, `exponential` or `linear`")
        return self


class Jitter(Model):
    from_: Duration = Field(alias="from", description="a duration")
    to: Duration = Field(description="a duration")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if (
            self.from_.seconds is not None
            and self.to.seconds is not None
            and self.from_.seconds > self.to.seconds
        ):
            raise ValueError("`from` is longer than `to`")
        return self


class AttemptLimit(Model):
    count: int | None = Field(None, ge=0, description="how many retries at most")
    duration: Duration | None = None


class RetryLimit(Model):
    attempt: AttemptLimit | None = None
    duration: Duration | None = None


class Conditional(Model):
    """A condition that is true of some errors only."""

    when: Formula | None = None
    except_when: Formula | None = Field(None, alias="exceptWhen")


class RetryPolicy(Conditional):
    """When and how often failed work is tried again."""

    delay: Duration | None = None
    backoff: Backoff | None = None
    limit: RetryLimit | None = None
    jitter: Jitter | None = None


class ErrorDefinition(Model):
    """An error that a workflow can raise (RFC 7807); texts may be expressions."""

    type: Annotated[str, AfterValidator(uri_template)] = Field(
        description="a URI that names the type of the error"
    )
    status: int = Field(description="a whole number such as 400")
    title: str | None = None
    detail: str | None = None
    instance: str | None = None


class ErrorFilter(Model):
    """Static properties that an error must have to be caught; at least one."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    type: str | None = None
    status: int | None = None
    title: str | None = None
    # The DSL's schema says `details` where its reference says `detail`: both are read.
    detail: str | None = Field(None, validation_alias=AliasChoices("detail", "details"))
    instance: str | None = None

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("the filter is empty: give type, status, title, detail or instance")
        return self


class Evaluate(Model):
    """How expressions are read: jq, each in its ``${ }``."""

    language: Literal["jq"] = "jq"
    mode: Literal["strict"] = "strict"
