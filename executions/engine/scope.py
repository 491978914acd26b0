"""What an expression can see: the DSL's arguments, evaluated against one value.

Source: Serverless Workflow DSL 1.0, section Runtime Expression Arguments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from executions import expressions
from executions.definition import Duration, duration_seconds
from executions.engine.operation import Run
from executions.errors import ExpressionError
from executions.records import JOURNAL_FORMAT


@dataclass(slots=True)
class Facts:
    """What stays the same for a whole execution."""

    execution_id: str
    definition: Any
    input: Any
    started_at: datetime
    secrets: Mapping[str, Any]
    runtime: Mapping[str, Any]
    expression_seconds: float = 2.0
    # Effects that begin now belong at least to this generation of operations; a restore raises it.
    generation: int = 1
    journal_format: int = JOURNAL_FORMAT

    @property
    def run(self) -> Run:
        return Run(self.execution_id, self.generation, self.journal_format)

    def variables(self) -> dict[str, Any]:
        return {
            "workflow": {
                "id": self.execution_id,
                "definition": self.definition,
                "input": self.input,
                "startedAt": date_time(self.started_at),
            },
            "runtime": dict(self.runtime),
            "secrets": self.secrets,
        }


@dataclass(frozen=True, slots=True)
class Scope:
    """The variables at one place of the walk."""

    variables: Mapping[str, Any]
    seconds: float = 2.0

    def including(self, **variables: Any) -> Scope:
        return Scope({**self.variables, **variables}, self.seconds)

    def evaluate(self, source: str, value: Any) -> Any:
        """The result of an expression, written with or without ``${ }``. Raises ExpressionError."""
        bare = expressions.source_of(source) if expressions.is_expression(source) else source
        return expressions.evaluate(bare, value, self.variables, deadline_seconds=self.seconds)

    def is_true(self, source: str, value: Any) -> bool:
        return bool(expressions.truthy(self.evaluate(source, value)))

    def resolve(self, template: Any, value: Any) -> Any:
        """A JSON value with every ``${ }`` inside it evaluated."""
        return expressions.resolve(template, value, self.variables, deadline_seconds=self.seconds)

    def transform(self, template: Any, value: Any) -> Any:
        """``from`` and ``as``: an expression as text, or an object that holds expressions."""
        return self.evaluate(template, value) if isinstance(template, str) else self.resolve(template, value)

    def seconds_of(self, duration: Duration, value: Any) -> float:
        if duration.expression is None:
            assert duration.seconds is not None
            return duration.seconds
        try:
            return duration_seconds(self.evaluate(duration.expression, value))
        except ValueError as problem:
            raise ExpressionError(str(problem)) from problem


def date_time(moment: datetime) -> dict[str, Any]:
    """The DSL's date-time descriptor."""
    milliseconds = int(moment.timestamp() * 1000)
    return {
        "iso8601": moment.isoformat().replace("+00:00", "Z"),
        "epoch": {"seconds": milliseconds // 1000, "milliseconds": milliseconds},
    }
