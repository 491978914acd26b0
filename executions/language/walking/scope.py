"""The variables that an expression can see: the DSL's arguments, evaluated against one value.

Source: Serverless Workflow DSL 1.0, section Runtime Expression Arguments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from executions import expressions
from executions.calls.duration import Duration, duration_seconds
from executions.errors import ExpressionError
from executions.expressions import late
from executions.journal.operation import Run
from executions.journal.records import JOURNAL_FORMAT
from executions.language.model.policies import Conditional
from executions.language.walking.variables import Variables, date_time
from executions.secrets import Reading, SecretUnavailable
from executions.secrets.mention import mentions_secrets, names_in

STORED = (
    "it cannot be read where the result is stored: use it in the `with` of the call that sends it"
)


@dataclass(frozen=True, slots=True)
class AtEdge:
    """Secrets for conditions, which keep nothing of them. ``owner`` is whose expressions they
    are.
    """

    secrets: Reading
    owner: str = ""


@dataclass(slots=True)
class Facts:
    """Facts that stay the same for a whole execution."""

    execution_id: str
    definition: Any
    input: Any
    started_at: datetime
    secrets: Mapping[str, Any]
    runtime: Mapping[str, Any]
    expression_seconds: float = 2.0
    owner: str = ""
    # Effects that begin now belong at least to this generation of operations; a restore raises it.
    generation: int = 1
    journal_format: int = JOURNAL_FORMAT
    # None in a journal of format 1, where `$secrets` are placeholders.
    at_edge: AtEdge | None = None

    @property
    def run(self) -> Run:
        return Run(self.execution_id, self.generation, self.journal_format)

    def scope(self) -> Scope:
        """The scope at the beginning of a walk."""
        return Scope(self.variables(), self.expression_seconds, self.at_edge, self.owner)

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
    """The variables at one place of the walk. ``owner`` is whose expressions they are;
    ``encodings`` is shared by all scopes of a drive, so that it encodes each value once."""

    variables: Mapping[str, Any]
    seconds: float = 2.0
    at_edge: AtEdge | None = None
    owner: str = ""
    encodings: expressions.Encodings = field(default_factory=expressions.Encodings, compare=False)

    def including(self, **variables: Any) -> Scope:
        """The scope with these as well, before those of the same name."""
        # Written out: dataclasses.replace costs more than the rest of an expression that is a path.
        layered = Variables(variables, self.variables)
        return Scope(layered, self.seconds, self.at_edge, self.owner, self.encodings)

    def evaluate(self, source: str, value: Any) -> Any:
        """The result of an expression, written with or without ``${ }``. Raises ExpressionError."""
        bare = _bare(source)
        self._refuse_secrets(bare)
        return expressions.evaluate(
            bare,
            value,
            self.variables,
            deadline_seconds=self.seconds,
            owner=self.owner,
            encodings=self.encodings,
        )

    def is_true(self, source: str, value: Any) -> bool:
        """Whether a condition holds. It may read secrets: only what it decides is kept."""
        bare = _bare(source)
        if self.at_edge is not None and mentions_secrets(bare):
            variables = late.reads(bare, self.variables) | {
                "secrets": self.at_edge.secrets.read_by(bare)
            }
            result = late.evaluate(
                bare,
                value,
                variables,
                late.made(bare),
                deadline_seconds=self.seconds,
                owner=self.at_edge.owner,
            )
            return bool(expressions.truthy(result))
        return bool(expressions.truthy(self.evaluate(source, value)))

    def takes(self, rule: Conditional, error: Any) -> bool:
        """Whether the rule's ``when`` and ``exceptWhen`` are for this error."""
        if rule.when is not None and not self.is_true(rule.when, error):
            return False
        return rule.except_when is None or not self.is_true(rule.except_when, error)

    def resolve(self, template: Any, value: Any) -> Any:
        """A JSON value with every ``${ }`` inside it evaluated."""
        self._refuse_secrets(template)
        return expressions.resolve(
            template,
            value,
            self.variables,
            deadline_seconds=self.seconds,
            owner=self.owner,
            encodings=self.encodings,
        )

    def _refuse_secrets(self, template: Any) -> None:
        """A workflow that was applied before this was refused may still read a secret where the
        result is stored.
        """
        if self.at_edge is None:
            return
        if isinstance(template, str):
            if mentions_secrets(template):
                raise SecretUnavailable(", ".join(names_in(template)) or "$secrets", STORED)
        elif isinstance(template, dict | list):
            for part in template.values() if isinstance(template, dict) else template:
                self._refuse_secrets(part)

    def transform(self, template: Any, value: Any) -> Any:
        """``from`` and ``as``: an expression as text, or an object that holds expressions."""
        return (
            self.evaluate(template, value)
            if isinstance(template, str)
            else self.resolve(template, value)
        )

    def seconds_of(self, duration: Duration, value: Any) -> float:
        if duration.expression is None:
            assert duration.seconds is not None
            return duration.seconds
        try:
            return duration_seconds(self.evaluate(duration.expression, value))
        except ValueError as problem:
            raise ExpressionError(str(problem)) from problem


def _bare(source: str) -> str:
    return expressions.source_of(source) if expressions.is_expression(source) else source
