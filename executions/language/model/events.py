"""Attributes of events, and what is listened to.

Source: Serverless Workflow DSL 1.0, reference, Event Properties, Event Filter, Event Consumption
Strategy, Subscription Iterator.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, model_validator

from executions.calls.parameters import Model
from executions.correlation.envelope import OWN_PREFIX
from executions.expressions import is_expression
from executions.language.checks.report import Report
from executions.language.model.entries import VariableName
from executions.language.model.policies import Formula, Transform
from executions.language.model.task import NamedTask
from executions.language.reading.problems import Path

MOST_FILTERS = 50
EventAttributes = Annotated[
    dict[str, Any], Field(description="attributes of an event by name, and its `data`")
]
_NAME = re.compile(r"[a-z0-9]{1,64}")


def check_attributes(path: Path, attributes: Any, report: Report, *, own: bool = False) -> None:
    """Report names that no attribute can have, and types that are not for an author.

    ``own``: Stigmer's own types may be named.
    """
    if not isinstance(attributes, dict):
        return
    for name, value in attributes.items():
        if _NAME.fullmatch(str(name)) is None:
            report.add((*path, name), "is no name of an attribute", "lower-case letters and digits")
        elif name == "type" and not own and _is_own(value):
            message = f"types that begin with `{OWN_PREFIX}` are Stigmer's own"
            report.add((*path, name), message)


def _is_own(value: Any) -> bool:
    is_text = isinstance(value, str) and not is_expression(value)
    return is_text and value.startswith(OWN_PREFIX)


class Correlation(Model):
    """A value of the event, and what it has to be."""

    from_: Formula = Field(alias="from")
    expect: Any = Field(None, description="a value, or an expression over the task's input")


class EventFilter(Model):
    """Which events are meant."""

    with_: EventAttributes = Field(
        alias="with", min_length=1, description="attributes of an event, at least one"
    )
    correlate: dict[str, Correlation] = Field(default_factory=dict)


Filters = Annotated[list[EventFilter], Field(max_length=MOST_FILTERS)]


class Strategy(Model):
    """Which of several events are waited for."""

    one: EventFilter | None = None
    any: Filters | None = None
    all: Annotated[Filters, Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        strategies = [name for name in ("one", "any", "all") if getattr(self, name) is not None]
        if len(strategies) != 1:
            raise ValueError("exactly one of `one`, `any` and `all` has to be given")
        return self

    def filters(self) -> list[EventFilter]:
        """The filters in order; none: every event."""
        if self.one is not None:
            return [self.one]
        return list(self.all or self.any or ())


class To(Strategy):
    """The events that are listened to."""

    until: Formula | Strategy | None = Field(
        None, description="a condition, or the events that end it (with `any`)"
    )

    @model_validator(mode="after")
    def _until_of_any(self) -> Self:
        if self.until is not None and self.any is None:
            raise ValueError("`until` belongs to `any`")
        return self


class EachOutput(Model):
    """How what was made of an event is given."""

    not_yet = ("schema",)

    as_: Transform | None = Field(None, alias="as")


class ForeachEvent(Model):
    """The tasks for each event."""

    model_config = ConfigDict(defer_build=True)

    item: VariableName = "item"
    at: VariableName = "index"
    do: list[NamedTask] | None = None
    output: EachOutput | None = None
    export: EachOutput | None = None

    @model_validator(mode="after")
    def _two_names(self) -> Self:
        if self.item == self.at:
            raise ValueError(f"`item` and `at` cannot both be named `{self.item[:60]}`")
        return self
