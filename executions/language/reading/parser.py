"""From the text of a workflow to a definition that is known to be good, or to all that is wrong
with it.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from executions import expressions, sealed
from executions.calls.kind import KnownPeople
from executions.calls.parameters import Readers
from executions.language.checks.every import check
from executions.language.checks.formulas import CheckExpression
from executions.language.checks.report import Report
from executions.language.checks.secrets import RefuseSecret
from executions.language.model.workflow import Workflow
from executions.language.reading.explain import describe, explain
from executions.language.reading.problems import MOST_PROBLEMS, DefinitionError, Problem
from executions.language.reading.yaml import Limits, Source, read

CHECK_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Definition:
    """A good definition.

    ``digest`` is the SHA-256 of ``source`` in hex; ``warnings`` are no reason to refuse it.
    """

    workflow: Workflow
    document: dict[str, Any]
    source: str
    digest: str
    warnings: tuple[Problem, ...] = ()


class JqChecks:
    """Checks the expressions of one definition of ``owner``, for so long: compiling is work that
    whoever wrote it makes expensive."""

    def __init__(self, owner: str) -> None:
        self._owner = owner
        self._seconds_left = CHECK_SECONDS

    def __call__(self, source: str, variables: frozenset[str]) -> list[str]:
        """The problems of a jq expression where ``variables`` are known beside the DSL's own."""
        if self._seconds_left <= 0:
            return [f"not checked: those before it took more than {CHECK_SECONDS:g} s to compile"]
        began = time.monotonic() - sealed.waited_seconds()
        problems = expressions.check(source, extra_variables=variables, owner=self._owner)
        self._seconds_left -= time.monotonic() - sealed.waited_seconds() - began
        return problems


def parse(
    text: str,
    *,
    limits: Limits | None = None,
    check_expression: CheckExpression | None = None,
    known_functions: Collection[str] | None = None,
    known_people: KnownPeople | None = None,
    refuse_secret: RefuseSecret | None = None,
    owner: str = "",
) -> Definition:
    """The definition in a YAML or JSON text.

    Raises DefinitionError with every problem, in document order.

    ``known_functions`` are the names that ``call: python`` may use, ``known_people`` says who has
    an account; None where that is not known here. ``refuse_secret`` says why a secret may not be
    used. ``owner`` is whose text it is: what is foreign in it is looked at among that of this
    account.
    """
    source = read(text, limits)
    if not isinstance(source.document, dict):
        message = f"a workflow has to be an object, this is {describe(source.document)}"
        raise DefinitionError([source.problem((), message, "an object with `document` and `do`")])
    report = Report(source)
    workflow, problems = _shape(source)
    check(
        source.document,
        report,
        check_expression or JqChecks(owner),
        known_functions,
        known_people,
        refuse_secret,
        owner,
    )
    problems += report.problems
    if workflow is None or problems:
        raise DefinitionError(_in_order(problems))
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Definition(workflow, source.document, text, digest, tuple(_in_order(report.warnings)))


def load(document: dict[str, Any]) -> Workflow:
    """The workflow of a stored document, which was found good when it was parsed."""
    return Workflow.model_validate(document)


def _shape(source: Source) -> tuple[Workflow | None, list[Problem]]:
    readers = Readers()
    try:
        return Workflow.model_validate(source.document, context=readers), []
    except ValidationError as error:
        return None, list(explain(error, source, readers))


def _in_order(problems: Iterable[Problem]) -> list[Problem]:
    """By place, each once, and no more than a person reads."""
    ordered = sorted(dict.fromkeys(problems), key=lambda problem: (problem.line, problem.column))
    left_out = len(ordered) - MOST_PROBLEMS
    if left_out > 0:
        last = ordered[MOST_PROBLEMS - 1]
        message = "there are more problems: correct these first"
        ordered = [*ordered[:MOST_PROBLEMS], Problem(last.line, last.column, last.pointer, message)]
    return ordered
