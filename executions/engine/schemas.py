"""Data against the JSON Schema that a definition gives for it (DSL 1.0, section Schema)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import jsonschema
import referencing

from executions.engine.requests import TaskFailed
from executions.errors import WorkflowError
from executions.values import canonical


def problems(document: Any, value: Any, *, most: int = 10) -> list[str]:
    """What does not fit, one sentence each with its JSON pointer; empty when the value is fine."""
    found = _validator(canonical(document)).iter_errors(value)
    texts = []
    for error in found:
        pointer = "".join(f"/{part}" for part in error.absolute_path)
        texts.append(f"{pointer or '/'}: {error.message[:200]}")
        if len(texts) == most:
            break
    return texts


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
        raise _failure(f"{what} does not fit its schema. " + "; ".join(found), pointer)


def _failure(detail: str, pointer: str) -> TaskFailed:
    return TaskFailed(WorkflowError.standard("validation", detail, instance=pointer), "")


@lru_cache(maxsize=256)
def _validator(document: str) -> Any:
    import json

    schema = json.loads(document)
    kind = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
    # An empty registry: a definition may not make the worker fetch something.
    return kind(schema, registry=referencing.Registry(), format_checker=kind.FORMAT_CHECKER)
