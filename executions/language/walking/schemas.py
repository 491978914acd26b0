"""Data against the JSON Schema that a definition gives for it (DSL 1.0, section Schema)."""

from __future__ import annotations

from typing import Any

from executions import schemas
from executions.errors import WorkflowError
from executions.language.walking.requests import TaskFailed


def check(
    document: Any,
    value: Any,
    what: str,
    pointer: str,
    *,
    owner: str,
    seconds: float,
    hides_values: bool,
) -> None:
    """Raises TaskFailed with the DSL's validation error where the value does not fit the schema,
    and where that could not be found out. ``seconds`` of processor time it may take;
    ``hides_values`` where a secret may be in the value.
    """
    try:
        misfits = schemas.problems(
            document,
            value,
            owner=owner,
            seconds=seconds,
            hides_values=hides_values,
            is_patient=True,
        )
    except schemas.SchemaUnusable as problem:
        raise _failure(
            f"{what} cannot be checked, its schema cannot be used: {problem}.", pointer
        ) from problem
    except schemas.SchemaError as problem:
        raise _failure(
            f"{what} could not be checked against its schema: {problem}.", pointer
        ) from problem
    if misfits:
        raise _failure(f"{what} does not fit its schema. " + "; ".join(map(str, misfits)), pointer)


def _failure(detail: str, pointer: str) -> TaskFailed:
    return TaskFailed(WorkflowError.standard("validation", detail, instance=pointer), "")
