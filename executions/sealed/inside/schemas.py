"""JSON Schema in sealed children: whether a schema can be used, and what does not fit one.

A schema is foreign text as a program is: doubled references take as long as one likes, and hold
the interpreter meanwhile. Patterns are matched in linear time; references to other documents are
refused (nothing could be fetched in here anyway).
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NoReturn

import jsonschema_rs

from executions.sealed.inside import schema_faults, schema_findings
from executions.sealed.inside.operations import Operation, Refused

# The length of the schema, and whether values are hidden in messages.
HEAD = struct.Struct(">I?")
# A larger value is told its first problem only: each problem costs time, and there may be
# hundreds of thousands.
_ALL_PROBLEMS_BYTES = 65_536
_HIDDEN = "[hidden]"


def build(payload: bytes) -> bytes:
    """Nothing, if the schema can be used; else :class:`Refused`. The payload is that of `check`,
    without a value."""
    schema, _, hides = _parts(payload)
    _validator(schema, hides)
    return b""


def check(payload: bytes) -> bytes:
    """The misfits: a JSON array of pairs, where (an array of keys) and what.

    The payload is the length of the schema and whether values are hidden, the schema, the value.
    """
    schema, text, hides = _parts(payload)
    validator = _validator(schema, hides)
    try:
        value = json.loads(text)
        if validator.is_valid(value):
            return b"[]"
        misfits = list(schema_findings.findings(_errors(validator, value, len(text)), value))
    except (ValueError, RecursionError) as error:
        raise Refused(
            "value", f"it cannot be read as JSON that a schema describes: {error}"
        ) from None
    return json.dumps(misfits).encode()


OPERATIONS: dict[str, Operation] = {"schema.build": build, "schema.check": check}


def _parts(payload: bytes) -> tuple[bytes, bytes, bool]:
    length, hides = HEAD.unpack_from(payload)
    end = HEAD.size + length
    return payload[HEAD.size : end], payload[end:], hides


def _errors(validator: Any, value: Any, size: int) -> Iterator[Any]:
    if size <= _ALL_PROBLEMS_BYTES:
        yield from validator.iter_errors(value)
        return
    try:
        validator.validate(value)
    except jsonschema_rs.ValidationError as error:
        yield error


@lru_cache(maxsize=128)
def _validator(schema: bytes, hides: bool) -> Any:
    """Raises :class:`Refused` of kind `schema`; its reason is a JSON pair of where and what."""
    document = json.loads(schema)
    try:
        return jsonschema_rs.validator_for(
            document,
            validate_formats=True,
            pattern_options=jsonschema_rs.RegexOptions(),
            retriever=_refuse,
            mask=_HIDDEN if hides else None,
        )
    except jsonschema_rs.ValidationError as error:
        raise Refused("schema", json.dumps(schema_faults.fault(document, error))) from None
    except ValueError as error:
        raise Refused("schema", json.dumps([[], schema_faults.words_of(error)])) from None


def _refuse(uri: str) -> NoReturn:
    raise ValueError("no other document is read")
