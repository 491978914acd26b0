"""Turns what the models refused into problems that a person can act on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from executions.calls.parameters import OBJECT, Model, Readers
from executions.language.model.entries import Named
from executions.language.model.task import KINDS, kinds_not_yet, kinds_of
from executions.language.reading.problems import MOST_PROBLEMS, Path, Problem, did_you_mean, shown
from executions.language.reading.yaml import Source

_OBJECT_OR_TEXT = "an object or text"
_EXPECTED_BY_TYPE = {
    "string_type": "text",
    "list_type": "a list",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
}


def explain(error: ValidationError, source: Source, readers: Readers) -> Iterator[Problem]:
    """One problem for each finding of the models; not many more than are shown, these come in no
    useful order.
    """
    for details in islice(error.errors(include_url=False), 5 * MOST_PROBLEMS):
        yield _Finding(details, source, readers).problem()


def describe(value: Any) -> str:
    """A value in plain words."""
    match value:
        case None:
            return "nothing (null)"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return f"the number {str(value)[:40]}"
        case str():
            return f"the text {shown(value, 40)}"
        case list():
            return "a list"
    return "an object"


class _Finding:
    """One error of the models, led back to the place in the document that it is about."""

    def __init__(self, error: ErrorDetails, source: Source, readers: Readers) -> None:
        self.type: str = error["type"]
        self.error, self.source = error, source
        self.path, parent = _path(error["loc"], source.document, readers)
        self.key = str(self.path[-1]) if self.path else ""
        self.reader = readers.get(id(parent))
        self.value = error["input"]

    def problem(self) -> Problem:
        message, expected, suggestion = self._words()
        return self.source.problem(self.path, message, expected, suggestion)

    def _words(self) -> tuple[str, str, str]:
        explanation = _EXPLANATIONS.get(self.type)
        if explanation is not None:
            return explanation(self)
        if self.type in _EXPECTED_BY_TYPE:
            return self._wrong_type()
        message = self.error["msg"]
        return f"{shown(self.key)}: {message[:1].lower()}{message[1:]}", self._described(), ""

    def _wrong_type(self) -> tuple[str, str, str]:
        expected = _EXPECTED_BY_TYPE[self.type]
        if expected == "an object" and OBJECT in self.error["loc"][-1:]:
            expected = _OBJECT_OR_TEXT
        quoted = (
            expected == "text"
            and isinstance(self.value, int | float)
            and not isinstance(self.value, bool)
        )
        hint = f"put it in quotes: '{self.value}'" if quoted else ""
        return (
            f"{shown(self.key) if self.path else 'the workflow'} is {describe(self.value)}",
            expected,
            hint,
        )

    def _missing(self) -> tuple[str, str, str]:
        return f"{shown(self.key)} is missing", self._described(), ""

    def _unknown_key(self) -> tuple[str, str, str]:
        fields = sorted(_fields(self.reader)) if self.reader else []
        if self.reader and self.key in self.reader.not_yet:
            return f"{self.key} is not supported yet", "", self.reader.instead.get(self.key, "")
        return (
            f"unknown key {shown(self.key)}",
            "one of " + ", ".join(fields),
            did_you_mean(self.key, fields),
        )

    def _not_one_kind(self) -> tuple[str, str, str]:
        kinds = ", ".join(KINDS)
        if not isinstance(self.value, dict):
            return (
                f"a task has to be an object, this is {describe(self.value)}",
                f"an object with one of {kinds}",
                "",
            )
        named_kinds = kinds_of(self.value)
        if not named_kinds:
            keys = [key for key in self.value if isinstance(key, str)]
            seen_keys = ", ".join(shown(key, 30) for key in keys[:10]) or "none"
            close = (did_you_mean(key, (*KINDS, *kinds_not_yet())) for key in keys[:10])
            hint = next((text for text in close if text), "")
            return f"the task has no kind; keys seen: {seen_keys}", f"exactly one of {kinds}", hint
        if len(named_kinds) > 1:
            seen_keys = ", ".join(shown(key) for key in named_kinds)
            return (
                f"the task has {len(named_kinds)} kinds: {seen_keys}",
                f"exactly one of {kinds}",
                "",
            )
        return f"{named_kinds[0]} is not supported yet", f"one of {kinds}", ""

    def _not_allowed(self) -> tuple[str, str, str]:
        allowed = str(self.error.get("ctx", {}).get("expected", "")).replace("'", "`")
        words = [word.strip("`") for word in allowed.replace(" or ", ", ").split(", ")]
        if self.key == "mode" and self.value == "loose":
            return "evaluate mode loose is not supported yet", allowed, ""
        hint = did_you_mean(self.value, words) if isinstance(self.value, str) else ""
        return f"{shown(self.key)} cannot be {describe(self.value)}", allowed, hint

    def _pattern(self) -> tuple[str, str, str]:
        return f"{shown(self.key)} cannot be {describe(self.value)}", self._described(), ""

    def _empty(self) -> tuple[str, str, str]:
        return f"{shown(self.key)} is empty", self._described(), ""

    def _own_words(self) -> tuple[str, str, str]:
        reason = self.error.get("ctx", {}).get("error")
        return str(reason) if reason is not None else self.error["msg"], "", ""

    def _range(self) -> tuple[str, str, str]:
        limits = self.error.get("ctx", {})
        words = {"ge": "at least", "le": "at most", "gt": "more than", "lt": "less than"}
        expected = " and ".join(
            f"{word} {limits[name]}" for name, word in words.items() if name in limits
        )
        return f"{shown(self.key)} cannot be {describe(self.value)}", expected, ""

    def _described(self) -> str:
        field = _fields(self.reader).get(self.key) if self.reader else None
        return (field.description or "") if field else ""


_EXPLANATIONS: dict[str, Callable[[_Finding], tuple[str, str, str]]] = {
    "missing": _Finding._missing,
    "extra_forbidden": _Finding._unknown_key,
    "union_tag_not_found": _Finding._not_one_kind,
    "union_tag_invalid": _Finding._not_one_kind,
    "literal_error": _Finding._not_allowed,
    "string_pattern_mismatch": _Finding._pattern,
    "string_too_short": _Finding._empty,
    "too_short": _Finding._empty,
    "value_error": _Finding._own_words,
    "one_entry": _Finding._own_words,
    "greater_than_equal": _Finding._range,
    "less_than_equal": _Finding._range,
}


def _fields(model: type[Model] | None) -> dict[str, FieldInfo]:
    """A model's fields by their names in the DSL."""
    return (
        {field.alias or name: field for name, field in model.model_fields.items()} if model else {}
    )


def _path(loc: tuple[str | int, ...], document: Any, readers: Readers) -> tuple[Path, Any]:
    """Path in the document of a model's error, and the container that holds its last part.

    Left out are the tags of unions; the fields of a list's entry stand for the entry's only key.
    """
    path: list[str | int] = []
    node, parent = document, None
    for part in loc:
        if (
            isinstance(node, dict)
            and issubclass(readers.get(id(node), Model), Named)
            and len(node) == 1
        ):
            (part,) = node
        elif (
            isinstance(part, str)
            and part.startswith("<")
            and not (isinstance(node, dict) and part in node)
        ):
            continue
        parent = node
        path.append(part)
        try:
            node = node[part]
        except (KeyError, IndexError, TypeError):
            break
    return tuple(path), parent
