"""A length of time as the DSL writes it: parts, an ISO 8601 text, or an expression that yields
either.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    ConfigDict,
    Discriminator,
    Field,
    GetCoreSchemaHandler,
    Tag,
    ValidationError,
)
from pydantic_core import CoreSchema, core_schema

from executions.calls.parameters import OBJECT, TEXT, Model, shape
from executions.expressions import is_expression

LONGEST_SECONDS = 100 * 365 * 86_400
_ISO = re.compile(
    r"P(?!$)(?:(?P<weeks>\d+(?:\.\d+)?)W)?(?:(?P<days>\d+(?:\.\d+)?)D)?"
    r"(?:T(?=\d)(?:(?P<hours>\d+(?:\.\d+)?)H)?(?:(?P<minutes>\d+(?:\.\d+)?)M)?"
    r"(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?",
    re.ASCII,
)
_UNITS = {"weeks": 604_800.0, "days": 86_400.0, "hours": 3600.0, "minutes": 60.0, "seconds": 1.0}
_CALENDAR = re.compile(r"P[\d.]*\d[YM]", re.ASCII)


class DurationParts(Model):
    """The inline form; at least one part. Source: DSL reference, Duration."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    days: int = Field(0, ge=0)
    hours: int = Field(0, ge=0)
    minutes: int = Field(0, ge=0)
    seconds: int = Field(0, ge=0)
    milliseconds: int = Field(0, ge=0)

    def total_seconds(self) -> float:
        whole = self.days * 86_400 + self.hours * 3600 + self.minutes * 60 + self.seconds
        return whole + self.milliseconds / 1000


def _iso_seconds(text: str) -> float:
    match = _ISO.fullmatch(text.strip()) if len(text) <= 100 else None
    if match is None:
        if _CALENDAR.match(text):
            raise ValueError("years and months have no fixed length: write days, for example P30D")
        raise ValueError(
            "not a duration: write PT30S (ISO 8601), an object such as {seconds: 30}, or ${ … }"
        )
    return sum(float(match[unit]) * seconds for unit, seconds in _UNITS.items() if match[unit])


def _bounded(seconds: float) -> float:
    if seconds > LONGEST_SECONDS:
        raise ValueError("the duration is longer than 100 years")
    return seconds


def _check_text(text: str) -> str:
    if not is_expression(text):
        _bounded(_iso_seconds(text))
    return text


def _check_parts(parts: DurationParts) -> DurationParts:
    if not parts.model_fields_set:
        raise ValueError(
            "the duration is empty: give days, hours, minutes, seconds or milliseconds"
        )
    _bounded(parts.total_seconds())
    return parts


DurationForm = Annotated[
    Annotated[DurationParts, AfterValidator(_check_parts), Tag(OBJECT)]
    | Annotated[str, AfterValidator(_check_text), Tag(TEXT)],
    Discriminator(shape),
]


@dataclass(frozen=True, slots=True)
class Duration:
    """``seconds`` where the length is written down, ``expression`` (with its ``${ }``) where it is
    computed.
    """

    seconds: float | None = None
    expression: str | None = None

    @classmethod
    def _from_form(cls, form: DurationParts | str) -> Duration:
        if isinstance(form, DurationParts):
            return cls(seconds=form.total_seconds())
        return cls(expression=form) if is_expression(form) else cls(seconds=_iso_seconds(form))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def read(value: Any, form: core_schema.ValidatorFunctionWrapHandler) -> Duration:
            return value if isinstance(value, cls) else cls._from_form(form(value))

        return core_schema.no_info_wrap_validator_function(
            read, handler.generate_schema(DurationForm)
        )


def _whole(number: Any) -> Any:
    """A computed number that is whole, as an integer: `1.0` is as good as `1`."""
    return int(number) if isinstance(number, float) and number.is_integer() else number


def duration_seconds(value: Any) -> float:
    """Seconds of an evaluated duration: an ISO 8601 text or an object of parts.

    Raises ValueError in plain words where the value is neither.
    """
    if isinstance(value, str):
        return _bounded(_iso_seconds(value))
    if isinstance(value, dict):
        value = {key: _whole(part) for key, part in value.items()}
    try:
        return _check_parts(DurationParts.model_validate(value)).total_seconds()
    except ValidationError:
        raise ValueError(
            "not a duration: allowed are a text such as PT30S or an object of whole, non-negative"
            " days, hours, minutes, seconds, milliseconds"
        ) from None
