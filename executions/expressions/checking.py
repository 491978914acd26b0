"""The faults of an expression before it ever runs: a sealed child compiles it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from executions import sealed
from executions.errors import ExpressionError
from executions.expressions.evaluation import EVALUATION_SECONDS
from executions.expressions.program import prepared
from executions.expressions.words import compile_problems, failure

VARIABLES = frozenset({"context", "input", "output", "secrets", "workflow", "runtime", "task"})
_NOT_IN_JSON = re.compile(r"(?<![.$\w])(nan|infinite)\b(?!\s*:)")


def check(source: str, extra_variables: Iterable[str] = (), *, owner: str = "") -> list[str]:
    """The faults of a jq expression (without `${ }`), in plain words; an empty list if there is
    none.

    ``extra_variables`` are names, without `$`, that are known besides those of the DSL: loop
    variables, for example. ``owner`` is who wrote it.
    """
    try:
        return list(_checked(source, VARIABLES | frozenset(extra_variables), owner))
    except (ExpressionError, sealed.SealedError) as problem:
        if isinstance(problem, sealed.SealedClosed):
            raise
        return [str(problem) if isinstance(problem, ExpressionError) else failure(source, problem)]


def warnings(source: str) -> list[str]:
    """Surprises for the author, though jq takes it."""
    written = _NOT_IN_JSON.search(source)
    if written is None:
        return []
    becomes = "null" if written[1] == "nan" else "the largest number, 1.797e308"
    return [f"JSON has no `{written[1]}`: where it is part of a result, it becomes {becomes}"]


@lru_cache(maxsize=4096)
def _checked(source: str, variables: frozenset[str], owner: str) -> tuple[str, ...]:
    """Kept only where jq came to a verdict: what did not end in time raises."""
    program = prepared(source)
    names = program.names(variables)
    try:
        sealed.call(
            "jq.compile",
            program.head(names),
            owner=owner,
            seconds=EVALUATION_SECONDS,
            text=f"compile {program.key}",
        )
    except sealed.SealedRefused as refusal:
        return tuple(compile_problems(refusal.reason, source, variables))
    return ()
