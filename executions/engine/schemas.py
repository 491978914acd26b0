"""Data against the JSON Schema that a definition gives for it (DSL 1.0, section Schema)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import Any, cast

import jsonschema
import referencing

from executions.engine.requests import TaskFailed
from executions.errors import Finding, WorkflowError
from executions.pointers import pointer_of
from executions.values import canonical

MOST_FINDINGS = 10
LONGEST_MESSAGE = 300


def problems(document: Any, value: Any) -> list[Finding]:
    """What does not fit, the first ten findings; empty when the value is fine.

    Raises ``referencing.exceptions.Unresolvable`` where the schema refers to what is not in it.
    """
    errors = _validator(canonical(document)).iter_errors(value)
    return list(islice((finding for error in errors for finding in _findings(error)), MOST_FINDINGS))


def _findings(error: jsonschema.ValidationError) -> Iterator[Finding]:
    """A field that is missing or too many is pointed at itself, not the object around it."""
    path, rule, value = tuple(error.absolute_path), cast(Any, error.validator_value), cast(Any, error.instance)
    match error.validator:
        case "required":
            name = next(each for each in rule if error.message.startswith(f"{each!r} "))
            yield Finding(pointer_of((*path, name)), "This is required.")
        case "additionalProperties" if rule is False:
            for name in _unexpected(error.schema, value):
                yield Finding(pointer_of((*path, name)), "This field is not known.")
        case _:
            yield Finding(pointer_of(path), _short(error.message))


def _unexpected(schema: Any, value: dict[str, Any]) -> Iterator[str]:
    known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    return (name for name in value if name not in known and not any(re.search(each, name) for each in patterns))


def _short(message: str) -> str:
    """A message quotes the value that it is about: of a long one the beginning, and the end that says what is wrong."""
    return message if len(message) <= LONGEST_MESSAGE else f"{message[:80]} … {message[-160:]}"


def check(schema: Any, value: Any, what: str, pointer: str) -> None:
    """Raises TaskFailed with the DSL's validation error where the value does not fit; no schema fits all."""
    if schema is None:
        return
    try:
        found = problems(schema.document, value)
    except referencing.exceptions.Unresolvable as problem:
        raise _failure(
            f"{what} cannot be checked: the schema refers to {problem.ref}, which is not in it.", pointer
        ) from problem
    if found:
        raise _failure(f"{what} does not fit its schema. " + "; ".join(map(str, found)), pointer)


def _failure(detail: str, pointer: str) -> TaskFailed:
    return TaskFailed(WorkflowError.standard("validation", detail, instance=pointer), "")


@lru_cache(maxsize=256)
def _validator(document: str) -> Any:
    import json

    schema = json.loads(document)
    kind = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
    # An empty registry: a definition may not make the worker fetch something.
    return kind(schema, registry=referencing.Registry(), format_checker=kind.FORMAT_CHECKER)
