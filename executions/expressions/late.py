"""Expressions over secrets: evaluated when they are used, so that nothing of them is kept.

A plain path and texts put together (`"Bearer " + $secrets.token`, `"\\($secrets.user):x"`) are read
in place. Any other program runs in a sealed child that sees this one call and is ended after it. An
error names its kind and no value.
"""

from __future__ import annotations

import json
import re
import struct
import time
import uuid
from collections.abc import Mapping
from typing import Any

from executions import sealed
from executions.errors import ExpressionError
from executions.expressions.paths import path_program

Json = Any
_HEAD = struct.Struct(">II")
_VARIABLE = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)(?:\.([A-Za-z_][A-Za-z0-9_]*))?")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TERM = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[^"+]+?)\s*(\+|\Z)', re.DOTALL)
_INSERTED = re.compile(r"\\\(([^()\"]*)\)")
# The text that a program begins with, up to its end or to what is put into it.
_BEGINNING = re.compile(r'\s*(?:@[a-z0-9]+\s+)?"((?:[^"\\]|\\[^(])*)')
_SHOWN = 80
_KINDS = {
    "compile": "is not valid jq",
    "several": "gave more than one result; exactly one is needed",
    "nothing": "gave no result; exactly one is needed",
    "failed": "failed: jq refused a value (its words could show a secret)",
}


def reads(source: str, variables: Mapping[str, Json]) -> dict[str, Json]:
    """The variables that a program mentions, secrets aside, and of an object only the keys that it
    mentions.
    """
    read: dict[str, Json] = {}
    whole: set[str] = set()
    for name, key in _VARIABLE.findall(source):
        if name == "secrets" or name not in variables or name in whole:
            continue
        value = variables[name]
        if key and isinstance(value, Mapping):
            part = read.setdefault(name, {})
            if key in value:
                part[key] = value[key]
        else:
            whole.add(name)
            read[name] = value
    return read


def made(source: str) -> dict[str, Json]:
    """The values of our own functions that the program may call: `now` and `uuid`."""
    words = set(_WORD.findall(source))
    values: dict[str, Json] = {}
    if "now" in words:
        values["now"] = time.time()
    if "uuid" in words:
        values["uuid"] = str(uuid.uuid4())
    return values


def evaluate(
    source: str,
    value: Json,
    variables: Mapping[str, Json],
    made: Mapping[str, Json],
    *,
    deadline_seconds: float,
    owner: str,
) -> Json:
    """The one result of a program (without `${ }`) over ``variables``, secrets among them.

    Raises ExpressionError, which quotes the program and no value."""
    try:
        results = _in_place(source, value, variables)
    except ExpressionError:
        raise ExpressionError(
            f"`{source[:_SHOWN]}` failed: it reads a property of what has none"
        ) from None
    return (
        results[0]
        if results
        else _in_a_child(source, value, variables, made, deadline_seconds, owner)
    )


def told(source: str, result: Json, value: Json, labels: Mapping[str, Json]) -> str | None:
    """How an address that a program made of secrets may be told: with labels in their places.

    ``labels`` are the variables with labels for secrets. If the program is more than texts put
    together, only the text of the definition that ``result`` begins with is known to be none of a
    secret's; None where there is no such.
    """
    try:
        results = _in_place(source, value, labels)
    except ExpressionError:
        results = []
    if results:
        return results[0] if isinstance(results[0], str) else None
    beginning = _BEGINNING.match(source)
    text = _literal(beginning[1]) if beginning else None
    return text if text and isinstance(result, str) and result.startswith(text) else None


def _in_place(source: str, value: Json, variables: Mapping[str, Json]) -> list[Json]:
    """The result of a path or of texts put together; an empty list where the program is more than
    that.
    """
    if path_program(source) is not None:
        return _read(source, value, variables)
    texts, place = [], 0
    while match := _TERM.match(source, place):
        results = _term(match[1], value, variables)
        if len(results) != 1 or not isinstance(results[0], str):
            return []
        texts.append(results[0])
        place = match.end()
        if not match[2]:
            return ["".join(texts)]
    return []


def _term(text: str, value: Json, variables: Mapping[str, Json]) -> list[Json]:
    if not text.startswith('"'):
        return _read(text, value, variables)
    parts, place = [], 1
    for match in _INSERTED.finditer(text):
        results = _read(match[1], value, variables)
        if len(results) != 1 or not isinstance(results[0], str):
            return []
        parts += [_literal(text[place : match.start()]), results[0]]
        place = match.end()
    parts.append(_literal(text[place:-1]))
    return [] if None in parts else ["".join(part for part in parts if part is not None)]


def _literal(text: str) -> str | None:
    try:
        value = json.loads(f'"{text}"')
    except ValueError:
        return None
    return str(value)


def _read(text: str, value: Json, variables: Mapping[str, Json]) -> list[Json]:
    path = path_program(text)
    if path is None or (path.variable is not None and path.variable not in variables):
        return []
    return [path.read(value if path.variable is None else variables[path.variable])]


def _in_a_child(
    source: str,
    value: Json,
    variables: Mapping[str, Json],
    made: Mapping[str, Json],
    seconds: float,
    owner: str,
) -> Json:
    called = " ".join([*variables, *(f"__{name}" for name in made)]).encode()
    try:
        program = source.encode()
        values = json.dumps(
            [*variables.values(), *made.values(), value], ensure_ascii=False, allow_nan=False
        )
        payload = _HEAD.pack(len(program), len(called)) + program + called + values.encode()
        return json.loads(sealed.call_once("jq.run", payload, owner=owner, seconds=seconds))
    except sealed.SealedClosed:
        raise
    except sealed.SealedRefused as refusal:
        why = _KINDS.get(refusal.kind, "failed")
    except sealed.SealedTimedOut:
        why = f"did not end within {seconds:g} s"
    except sealed.SealedError as error:
        why = f"failed: {type(error).__doc__}"
    except (ValueError, TypeError, RecursionError):
        why = "failed: its values or its result are not JSON that can be used"
    raise ExpressionError(f"`{source[:_SHOWN]}` {why}") from None
