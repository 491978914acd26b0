"""Expressions as they stand in a document: how each form of them is read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from executions.expressions import is_expression, source_of
from executions.language.checks.report import Report
from executions.language.reading.problems import Path

CONDITIONS = ("when", "exceptWhen")
ERROR = frozenset({"error"})


class Formula(NamedTuple):
    """An expression without its ``${ }``, where it stands, and the variables of its place.

    ``stored``: what it yields is kept in the journal, in other words than "it was true"."""

    path: Path
    source: str
    variables: frozenset[str]
    stored: bool = False


def stored(formulas: Iterator[Formula]) -> Iterator[Formula]:
    """The same, of which what they yield is kept."""
    return (formula._replace(stored=True) for formula in formulas)


def policy(path: Path, value: Any, known: frozenset[str], report: Report) -> Iterator[Formula]:
    """The expressions of a retry policy."""
    if not isinstance(value, dict):
        return
    for key, part in value.items():
        if key in CONDITIONS:
            yield from always((*path, key), part, known)
        else:
            yield from stored(template((*path, key), part, known, report))


def transform(path: Path, value: Any, known: frozenset[str], report: Report) -> Iterator[Formula]:
    """A text is an expression as a whole; an object holds some."""
    return always(path, value, known) if isinstance(value, str) else template(path, value, known, report)


def always(path: Path, value: Any, known: frozenset[str]) -> Iterator[Formula]:
    """A text that is an expression with and without its ``${ }``."""
    if isinstance(value, str):
        yield Formula(path, source_of(value), known)


def template(path: Path, value: Any, known: frozenset[str], report: Report) -> Iterator[Formula]:
    """Any JSON, in which texts that are one ``${ … }`` are expressions."""
    match value:
        case dict():
            for key, inner in value.items():
                yield from template((*path, key), inner, known, report)
        case list():
            for index, inner in enumerate(value):
                yield from template((*path, index), inner, known, report)
        case str() if is_expression(value):
            yield Formula(path, source_of(value), known)
        case str() if "${" in value:
            hint = r'write it as one expression: ${ "Hello \(.name)" }'
            report.warn(path, "the text holds `${` but is no expression as a whole: it stays as it is", "", hint)
