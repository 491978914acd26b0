"""Evaluates expressions: paths at once, cheap programs in this process, everything else in a child under a deadline."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from typing import Any

import jaq

from executions.errors import ExpressionError
from executions.expressions import runaway
from executions.expressions.program import Program, prepared
from executions.expressions.values import ensure_json, is_expression, source_of

Json = Any


def evaluate(source: str, value: Json, variables: Mapping[str, Json], *, deadline_seconds: float = 2.0) -> Json:
    """The one result of a jq expression (with or without `${ }`) for the input ``value``.

    ``variables`` are the values behind `$name`, without the `$`. The result may share parts with what was handed in:
    treat both as immutable. Raises :class:`ExpressionError` if the expression is not acceptable, fails, gives none or
    several results, or does not end in ``deadline_seconds``.
    """
    program = prepared(source_of(source))
    for name in program.reads:
        if name not in variables:
            known = ", ".join(f"${one}" for one in sorted(variables))
            raise ExpressionError(f"unknown variable `${name}`; known here are {known}")
    if program.path is not None:
        path = program.path
        return path.read(value if path.variable is None else variables[path.variable])
    needed = {name: _only(variables[name], keys) for name, keys in program.reads.items()}
    if "now" in program.screened.names:
        needed["__now"] = time.time()
    if "uuid" in program.screened.names:
        needed["__uuid"] = str(uuid.uuid4())
    needed_input = _only(value, program.screened.input_keys)
    if program.may_run_here(needed_input, needed):
        return _one(_run_here(program, needed_input, needed))
    return _one(runaway.run(program.source, program.full_source, needed_input, needed, deadline_seconds))


def resolve(value: Json, input_value: Json, variables: Mapping[str, Json], *, deadline_seconds: float = 2.0) -> Json:
    """``value`` with each string that is a whole `${ … }` replaced by its result; everything else stays literal."""
    if isinstance(value, str):
        if is_expression(value):
            return evaluate(value, input_value, variables, deadline_seconds=deadline_seconds)
        return value
    if isinstance(value, dict):
        return {
            key: resolve(item, input_value, variables, deadline_seconds=deadline_seconds) for key, item in value.items()
        }
    if isinstance(value, list):
        return [resolve(item, input_value, variables, deadline_seconds=deadline_seconds) for item in value]
    return value


def _only(value: Json, keys: frozenset[str] | None) -> Json:
    """The part of ``value`` that a program reads: large values are not handed over for one key of theirs."""
    if keys is None or not isinstance(value, dict):
        return value
    asks = hasattr(type(value), "__missing__")
    return {key: value[key] for key in keys if asks or key in value}


def _run_here(program: Program, value: Json, variables: dict[str, Json]) -> list[Json]:
    try:
        results: list[Json] = program.compiled.run(value, vars=variables)
        return results
    except jaq.JaqError as error:
        raise ExpressionError(runaway.failure(program.source, str(error))) from None
    except (TypeError, UnicodeError, ValueError) as error:
        raise ExpressionError(f"`{program.source[:80]}` was given a value that is not JSON: {error}") from None


def _one(results: list[Json]) -> Json:
    if len(results) == 1:
        return ensure_json(results[0])
    if not results:
        raise ExpressionError("the expression gave no result; exactly one is needed: add `// null` or use `[ … ]`")
    raise ExpressionError("the expression gave more than one result; exactly one is needed: collect them with `[ … ]`")
