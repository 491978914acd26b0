"""The arguments of ``run: shell``, ``run: script`` and ``run: container``. Source: Serverless
Workflow DSL 1.0, reference.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, ValidationInfo, field_validator

from executions.calls.parameters import OBJECT, TEXT, Expression, Json, Model, shape

# One word of a command line may not be longer, by the kernel.
LONGEST_COMMAND = 100_000
LONGEST_SCRIPT = 200_000
# Fields that lines, programs and containers have in common.
_Words = Annotated[
    Annotated[list[Json], Tag(OBJECT)] | Annotated[Expression, Tag(TEXT)],
    Discriminator(shape),
    Field(description="a list of words that follow the command as they are, or an expression"),
]
_Variables = Annotated[
    Annotated[dict[str, Json], Tag(OBJECT)] | Annotated[Expression, Tag(TEXT)],
    Discriminator(shape),
    Field(description="variables by name, or an expression"),
]
_Stdin = Annotated[Json, Field(description="what it reads from its standard input")]
ArtifactName = Annotated[str, Field(min_length=1, max_length=300)]
Return = Literal["stdout", "stderr", "code", "all", "none"]


class Shell(Model):
    """A line for the shell."""

    command: str = Field(
        min_length=1, max_length=LONGEST_COMMAND, description="a line for /bin/sh, or an expression"
    )
    arguments: _Words = Field(default_factory=list)
    environment: _Variables = Field(default_factory=dict)
    stdin: _Stdin = None


class Script(Model):
    """A program in a language that the sandbox has."""

    not_yet = ("source",)

    language: Literal["python", "javascript", "js"] = Field(description="python or javascript")
    code: str = Field(min_length=1, max_length=LONGEST_SCRIPT, description="the program")
    arguments: Any = Field(
        None,
        description="a list of words, or an object: each of its keys is a variable of the program",
    )
    environment: _Variables = Field(default_factory=dict)
    stdin: _Stdin = None


class Container(Model):
    """A program in a container of its own."""

    image: str = Field(
        min_length=1, max_length=300, description="an image that the operator allows"
    )
    command: str | None = Field(
        None,
        min_length=1,
        max_length=LONGEST_COMMAND,
        description="a line for the image's /bin/sh, or an expression; its own program by default",
    )
    arguments: _Words = Field(default_factory=list)
    environment: _Variables = Field(default_factory=dict)
    stdin: _Stdin = None
    name: Any = None
    ports: Any = None
    volumes: Any = None
    lifetime: Any = None
    pull_policy: Any = Field(None, alias="pullPolicy")

    @field_validator("name", "ports", "volumes", "lifetime", "pull_policy")
    @classmethod
    def _makes_no_sense(cls, value: Any, info: ValidationInfo) -> Any:
        if value is None or (info.field_name == "lifetime" and value == {"cleanup": "always"}):
            return value
        raise ValueError(_NO_SENSE[str(info.field_name)])


_NO_SENSE = {
    "name": "leave it out: Stigmer names a container, so that it is found and ended whatever dies",
    "ports": "leave it out: nobody reaches a container from outside while a task waits for its end",
    "volumes": (
        "leave it out: a container sees the folder of its run at /workspace, and no other folder of"
        " the host"
    ),
    "lifetime": "only `{cleanup: always}`: a container is removed as it ends",
    "pull_policy": "leave it out: an image that is not there is fetched",
}


class ExitCodes(Model):
    """The meaning of exit codes, where it is not the usual."""

    ok: list[int] = Field(
        default_factory=lambda: [0], description="those with which it has succeeded"
    )
    retry: list[int] = Field(
        default_factory=lambda: [75], description="those after which it is tried again"
    )


class CommandArguments(Model):
    """The arguments of a call of a command."""

    shell: Shell | None = None
    script: Script | None = None
    container: Container | None = None
    return_: Return = Field("stdout", alias="return")
    await_: bool = Field(True, alias="await")
    exit_codes: ExitCodes = Field(default_factory=ExitCodes, alias="exitCodes")
    artifacts: list[str] = Field(default_factory=list)
    workspace: bool = False
    network: bool = False
