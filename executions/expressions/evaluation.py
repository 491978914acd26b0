"""Evaluates expressions: plain paths and plain programs in place, everything else by jq in a sealed
child.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from executions import sealed
from executions.errors import ExpressionError
from executions.expressions import encoding
from executions.expressions.encoding import Encodings
from executions.expressions.mentions import only
from executions.expressions.plain import Unsure
from executions.expressions.program import Program, prepared, within
from executions.expressions.values import source_of
from executions.expressions.words import compile_problems, failure

Json = Any
EVALUATION_SECONDS = 2.0
# Reading so much takes a child longer than others should wait for.
_HEAVY_BYTES = 65_536


def evaluate(
    source: str,
    value: Json,
    variables: Mapping[str, Json],
    *,
    deadline_seconds: float = EVALUATION_SECONDS,
    owner: str = "",
    encodings: Encodings | None = None,
) -> Json:
    """The one result of a jq expression (with or without `${ }`) for the input ``value``.

    ``variables`` are the values behind `$name`, without the `$`. ``owner`` is whose expression it
    is: the slow ones of an owner run one after another, and the time that they wait for each other
    counts nowhere (:func:`executions.sealed.waited_seconds`). ``encodings`` are kept by who
    evaluates often over the same values. The result may share parts with what was handed in: treat
    both as immutable.

    Raises :class:`ExpressionError` if the expression is not acceptable, fails, gives none or
    several results, or does not end within ``deadline_seconds`` of processor time.
    """
    program = prepared(source_of(source))
    return _evaluated(program, value, variables, deadline_seconds, owner, encodings)


def _evaluated(
    program: Program,
    value: Json,
    variables: Mapping[str, Json],
    seconds: float,
    owner: str,
    encodings: Encodings | None,
) -> Json:
    path = program.path
    if path is not None and (path.variable is None or path.variable in variables):
        return path.read(value if path.variable is None else variables[path.variable])
    if program.plain is not None:
        with suppress(Unsure):
            return program.plain.result(value, variables)
    names = program.names(variables)
    try:
        payload = _payload(program, names, value, variables, encodings or Encodings())
        answer = sealed.call(
            "jq.run",
            payload,
            owner=owner,
            seconds=seconds,
            text=program.key,
            heavy=len(payload) > _HEAVY_BYTES,
        )
        return encoding.decode(answer)
    except sealed.SealedRefused as refusal:
        if refusal.kind == "compile":
            problems = compile_problems(refusal.reason, program.source, variables)
            raise ExpressionError("; ".join(problems)) from None
        raise ExpressionError(failure(program.source, refusal)) from None
    except sealed.SealedClosed:
        raise
    except (sealed.SealedError, ExpressionError) as error:
        raise ExpressionError(failure(program.source, error)) from None


def resolve(
    value: Json,
    input_value: Json,
    variables: Mapping[str, Json],
    *,
    deadline_seconds: float = EVALUATION_SECONDS,
    owner: str = "",
    encodings: Encodings | None = None,
) -> Json:
    """``value`` with each string that is a whole `${ … }` replaced by its result; everything else
    stays literal."""
    kept = encodings or Encodings()

    def resolved(part: Json) -> Json:
        if isinstance(part, str):
            if "${" not in part:
                return part
            program = within(part)
            if program is None:
                return part
            return _evaluated(program, input_value, variables, deadline_seconds, owner, kept)
        if isinstance(part, dict):
            return {key: resolved(item) for key, item in part.items()}
        if isinstance(part, list):
            return [resolved(item) for item in part]
        return part

    return resolved(value)


def _payload(
    program: Program,
    names: tuple[str, ...],
    value: Json,
    variables: Mapping[str, Json],
    encodings: Encodings,
) -> bytes:
    """The program, and the JSON array of what it is given: its variables, then its input."""
    parts = []
    for name in names:
        keys, whole = program.mentions[name], variables[name]
        if keys is None or not isinstance(whole, Mapping):
            parts.append(encodings.encode(whole))
        else:
            part = only(whole, keys)
            pairs = (json.dumps(key).encode() + b":" + encodings.encode(part[key]) for key in part)
            parts.append(b"{" + b",".join(pairs) + b"}")
    for name in program.made:
        parts.append(encoding.encode(time.time() if name == "now" else str(uuid.uuid4())))
    parts.append(encodings.encode(value))
    return program.head(names) + b"[" + b",".join(parts) + b"]"
