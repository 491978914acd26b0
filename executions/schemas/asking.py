"""The questions of this process to its sealed children about schemas."""

from __future__ import annotations

import hashlib
import json
import struct
from typing import Any, cast

from executions import sealed
from executions.errors import Finding, NotStorable
from executions.pointers import pointer_of
from executions.schemas.errors import SchemaBusy, SchemaStopped, SchemaUnusable
from executions.values import canonical, dumps

Json = Any
# As :mod:`executions.sealed.inside.schemas` reads it; that module is only for children.
_HEAD = struct.Struct(">I?")
_HEAVY_BYTES = 262_144
# Of one owner, where a person or program waits for the answer.
_MOST_WAITING = 4


def problems(
    document: Json,
    value: Json,
    *,
    owner: str,
    seconds: float,
    hides_values: bool = False,
    is_patient: bool = False,
) -> list[Finding]:
    """The parts of ``value`` that do not fit the schema, at most ten findings; empty where it fits.

    ``owner`` is whose schema it is, ``seconds`` the processor time that the check may take.
    ``hides_values`` leaves the value out of the messages, where a secret may be in it. A caller
    that ``is_patient`` waits however many slow checks of the owner come first. Raises
    :class:`SchemaUnusable`, :class:`SchemaStopped` and :class:`SchemaBusy`.
    """
    schema = canonical(document).encode()
    try:
        text = dumps(value).encode()
    except (NotStorable, UnicodeEncodeError) as problem:
        raise SchemaStopped(f"it cannot be read as JSON: {problem}") from None
    payload = _HEAD.pack(len(schema), hides_values) + schema + text
    answer = _ask(
        "schema.check", payload, schema, owner, seconds, len(text) > _HEAVY_BYTES, is_patient
    )
    return [_finding(each) for each in _read(answer)]


def fault(document: Json, *, owner: str, seconds: float) -> SchemaUnusable | None:
    """The first reason for which this schema cannot be used, if there is one. Raises
    :class:`SchemaStopped` and :class:`SchemaBusy`."""
    schema = canonical(document).encode()
    try:
        _ask("schema.build", _HEAD.pack(len(schema), False) + schema, schema, owner, seconds)
    except SchemaUnusable as unusable:
        return unusable
    return None


def _ask(
    operation: str,
    payload: bytes,
    schema: bytes,
    owner: str,
    seconds: float,
    heavy: bool = False,
    is_patient: bool = False,
) -> bytes:
    try:
        return sealed.call(
            operation,
            payload,
            owner=owner,
            seconds=seconds,
            text=f"schema {hashlib.sha256(schema).hexdigest()}",
            heavy=heavy,
            most_waiting=None if is_patient else _MOST_WAITING,
        )
    except sealed.SealedRefused as refused:
        if refused.kind == "schema":
            raise _unusable(refused.reason) from None
        raise SchemaStopped(refused.reason) from None
    except sealed.SealedTimedOut:
        raise SchemaStopped(
            f"that took more than {seconds:g} s and was stopped. References that multiply (`$ref` "
            "under allOf, anyOf, oneOf), `uniqueItems` and `contains` on long lists cost most: "
            "make the schema simpler or the value smaller"
        ) from None
    except (sealed.SealedOutOfMemory, sealed.SealedDied, sealed.SealedTooLarge):
        raise SchemaStopped(
            "that needed more memory than it may have and was stopped: make the schema simpler or"
            " the value smaller"
        ) from None
    except sealed.SealedClosed:
        if is_patient:
            raise
        raise SchemaBusy("this process ends; try again") from None
    except sealed.SealedError as problem:
        raise SchemaBusy(f"no process could be had for that: {problem}; try again") from None


def _unusable(reason: str) -> SchemaUnusable:
    try:
        pair = _read(reason.encode())
    except SchemaStopped:  # a very long path was cut off
        pair = []
    match pair:
        case [[*path], str() as message] if all(isinstance(key, (str, int)) for key in path):
            return SchemaUnusable(tuple(cast("list[str | int]", path)), message)
    return SchemaUnusable((), "the schema cannot be used")


def _finding(pair: Json) -> Finding:
    match pair:
        case [[*path], str() as message] if all(isinstance(key, (str, int)) for key in path):
            return Finding(pointer_of(tuple(path)), message)
    raise SchemaStopped("the answer of the check could not be read")


def _read(answer: bytes) -> list[Json]:
    """The answer of a child is hostile: it is JSON of the expected shape, or an error."""
    try:
        items = json.loads(answer)
    except (ValueError, RecursionError):
        items = None
    if not isinstance(items, list):
        raise SchemaStopped("the answer of the check could not be read")
    return items
