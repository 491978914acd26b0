"""The misfits of a schema, in words: where they are, and what was expected there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

MOST_FINDINGS = 10
LONGEST_MESSAGE = 300
_DEEPEST = 3
_UNKNOWN = "This field is not known."
Finding = tuple[list[str | int], str]


def findings(errors: Iterable[Any], value: Any) -> Iterator[Finding]:
    """The first ten about ``value``; a field that is missing or too many is pointed at itself, not
    the object around it."""
    return islice((each for error in errors for each in _of(error, value, 0)), MOST_FINDINGS)


def message(error: Any) -> str:
    """The expectation. It quotes the value that it is about: of a long one the beginning, and the
    end, which says what is wrong.
    """
    text = str(error.message)
    kind = error.kind.name
    if kind == "format":
        text = text.replace('is not a "', 'is no valid "')
    elif kind == "enum":
        *options, last = [
            json.dumps(option, ensure_ascii=False) for option in error.kind.options
        ] or ["nothing"]
        shown = text.partition(" is not one of ")[0]
        text = f"{shown} is not one of {', '.join(options)}{' or ' if options else ''}{last}"
    elif kind == "falseSchema":
        text = text.replace("False schema does not allow", "nothing is allowed here, not even")
    return cut(text)


def cut(text: str) -> str:
    """A text that fits a page."""
    return text if len(text) <= LONGEST_MESSAGE else f"{text[:80]} … {text[-160:]}"


def _of(error: Any, value: Any, depth: int) -> Iterator[Finding]:
    path, kind = list(error.instance_path), error.kind
    match kind.name:
        case "required":
            yield [*path, kind.property], "This is required."
        case "additionalProperties" | "unevaluatedProperties":
            for name in kind.unexpected:
                yield [*path, name], _UNKNOWN
        case "falseSchema" if list(error.schema_path)[-1:] == ["additionalProperties"]:
            # The schema knows no field at all; the library names none then.
            for name in _at(value, path):
                yield [*path, name], _UNKNOWN
        case "propertyNames":
            yield path, cut(f"the name of a field: {message(kind.error)}")
        case "anyOf" | "oneOf" if any(kind.context) and all(kind.context):
            yield _nearest(error, value, depth)
        case _:
            yield path, message(error)


def _at(value: Any, path: list[str | int]) -> Any:
    for key in path:
        value = value[key]
    return value


def _nearest(error: Any, value: Any, depth: int) -> Finding:
    """Of several shapes that are allowed the one that is nearest, and what is wrong with it."""
    branches: list[list[Any]] = error.kind.context
    here = list(error.instance_path)
    firsts = [branch[0] for branch in branches]
    if all(each.kind.name == "type" and list(each.instance_path) == here for each in firsts):
        types = dict.fromkeys(name for each in firsts for name in each.kind.types)
        expected = " or ".join(f'"{name}"' for name in types)
        shown = str(firsts[0].message).partition(" is not of type")[0]
        return here, cut(f"{shown} is not of type {expected}")
    number = min(range(len(branches)), key=lambda each: _distance(branches[each], len(here)))
    if depth >= _DEEPEST:
        return here, message(error)
    path, text = next(_of(branches[number][0], value, depth + 1))
    return path, cut(f"{text} (none of the {len(branches)} shapes fits; this is the nearest)")


def _distance(branch: list[Any], depth: int) -> tuple[bool, int, int]:
    """How far a shape is: first whether a constant says that another one is meant, then how much
    is wrong, then whether it is wrong as a whole or further inside."""
    is_another = any(error.kind.name in ("const", "enum") for error in branch)
    is_whole = any(
        error.kind.name == "type" and len(error.instance_path) == depth for error in branch
    )
    return is_another or is_whole, len(branch), -len(branch[0].instance_path)
