"""An answer that has to be data: what the model is told of it, and what of one does not fit."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from executions import schemas
from executions.values import dumps

# Answers that do not fit, one after the other, before a person is asked.
MOST_IN_A_ROW = 3
_FENCED = re.compile(r"\s*```(?:json)?\s*\n(.*)\n\s*```\s*", re.DOTALL)


def instructions(schema: dict[str, Any]) -> str:
    """The text that follows the instructions."""
    return (
        "\n\nWhen you have all that you need, your last answer is JSON and nothing else. It has to"
        f" fit this JSON Schema:\n{dumps(schema)}"
    )


def read(text: str) -> Any:
    """The data of an answer, which models like to put between fences. Raises ValueError."""
    fenced = _FENCED.fullmatch(text)
    return json.loads(fenced[1] if fenced else text)


def problems(schema: dict[str, Any], text: str, *, owner: str, seconds: float) -> list[str]:
    """The parts of an answer that are not as the schema wants them. Raises SchemaError where nobody
    can tell.
    """
    try:
        data = read(text)
    except (ValueError, RecursionError) as problem:
        return [f"it is no JSON: {problem}"]
    findings = schemas.problems(schema, data, owner=owner, seconds=seconds, is_patient=True)
    return [f"{each.pointer or 'the whole'}: {each.message}" for each in findings]


def again(wrong: Sequence[str]) -> str:
    """The message to the model about an answer that does not fit."""
    lines = "\n".join(f"- {each}" for each in wrong)
    return f"Your answer does not fit the JSON Schema:\n{lines}\nAnswer again, with JSON alone."
