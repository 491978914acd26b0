"""The arguments of ``call: python`` under ``with``."""

from __future__ import annotations

from typing import Annotated

from pydantic import Discriminator, Field, Tag

from executions.calls.parameters import OBJECT, TEXT, Expression, Json, Model, shape


class PythonArguments(Model):
    """``with`` of ``call: python``."""

    function: str = Field(
        min_length=1,
        description="the name of a registered function",
        json_schema_extra={"x-names": "functions"},
    )
    arguments: Annotated[
        Annotated[dict[str, Json], Tag(OBJECT)] | Annotated[Expression, Tag(TEXT)],
        Discriminator(shape),
    ] = Field(
        default_factory=dict, description="the function's arguments by name, or an expression"
    )
