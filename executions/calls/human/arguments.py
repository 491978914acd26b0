"""The arguments of ``call: human`` under ``with``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from executions.calls.duration import Duration
from executions.calls.parameters import OBJECT, TEXT, Expression, Json, Model, shape

LONGEST_SECONDS = 30 * 86_400
PROMPT_CHARACTERS = 2_000
OnTimeout = Literal["fail", "approve", "deny", "escalate"]


class Outcome(Model):
    """One of the answers that may be given, and where the run goes on after it."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$", description="what the output says")
    label: str = Field("", max_length=60, description="what its button says")
    then: str | None = Field(None, min_length=1, description="where the run goes on")


class Approvers(Model):
    """The people who may answer: these users, and the members of these groups."""

    users: list[str] = Field(default_factory=list, max_length=100, description="user names")
    groups: list[str] = Field(default_factory=list, max_length=100, description="names of groups")


class HumanArguments(Model):
    """``with`` of ``call: human``."""

    prompt: str = Field(
        min_length=1,
        max_length=PROMPT_CHARACTERS,
        description="the question, or an expression that gives it",
    )
    form: dict[str, Json] | None = Field(
        None, description="a JSON Schema of what has to be filled in"
    )
    outcomes: list[Outcome] = Field(
        default_factory=lambda: [Outcome(name="approve"), Outcome(name="deny")],
        min_length=1,
        max_length=10,
        description="the answers to choose from; approve and deny unless others are named",
    )
    approvers: (
        Annotated[
            Annotated[Approvers, Tag(OBJECT)] | Annotated[Expression, Tag(TEXT)],
            Discriminator(shape),
        ]
        | None
    ) = Field(None, description="who may answer; the owner of the run unless others are named")
    timeout: Duration | None = Field(None, description="how long is waited, 30 days at most")
    on_timeout: OnTimeout = Field(
        "fail", alias="onTimeout", description="what counts where nobody answers"
    )
    four_eyes: bool = Field(
        False, alias="fourEyes", description="not by the one who started the run"
    )
