"""Shapes that the tasks share: named entries of a list, names of variables, arguments that stay
plain JSON.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationInfo,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from executions.calls.parameters import Model, Readers

ENTRY = "<entry>"
RESERVED_VARIABLES = frozenset(
    {"context", "input", "output", "secrets", "workflow", "runtime", "task", "authorization"}
)


def _variable_name(name: str) -> str:
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name, re.ASCII) is None:
        raise ValueError(
            "a variable's name has to be letters, digits and underscores, and not begin with a"
            " digit"
        )
    if name in RESERVED_VARIABLES:
        raise ValueError(f"the variable ${name} is the DSL's own: choose another name")
    return name


VariableName = Annotated[str, AfterValidator(_variable_name)]


class Named(Model):
    """An entry of a list: an object with one key, which is the name of what it holds."""

    name: str = Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")

    @model_validator(mode="before")
    @classmethod
    def _split(cls, value: Any, info: ValidationInfo) -> Any:
        Readers.note(cls, value, info)
        if not isinstance(value, dict) or len(value) != 1:
            raise PydanticCustomError(
                "one_entry", "an entry has to be an object with exactly one key, its name"
            )
        ((name, body),) = value.items()
        return {"name": name, ENTRY: body}

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        described = handler.resolve_ref_schema(handler(core))
        body, name = described["properties"][ENTRY], described["properties"]["name"]
        described.clear()
        described.update(
            type="object",
            title=cls.__name__,
            minProperties=1,
            maxProperties=1,
            propertyNames={key: name[key] for key in ("minLength", "maxLength", "pattern")},
            additionalProperties=body,
        )
        return described


class ParametersOf:
    """Marks a JSON object that has to fit a parameter model and stays plain JSON, expressions and
    all.
    """

    def __init__(self, model: type[Model]) -> None:
        self.model = model

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        def keep_json(value: Any, check: core_schema.ValidatorFunctionWrapHandler) -> Any:
            check(value)
            return value

        return core_schema.no_info_wrap_validator_function(
            keep_json, handler.generate_schema(self.model)
        )
