"""Expressions as they stand in a document: how each form of them is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from executions.expressions import is_expression, source_of
from executions.language.checks.document import TaskPlace, at
from executions.language.checks.report import Report
from executions.language.reading.problems import Path

CONDITIONS = ("when", "exceptWhen")
ERROR = frozenset({"error"})
NONE = frozenset[str]()


class Formula(NamedTuple):
    """An expression without its ``${ }``, where it stands, and the variables of its place.

    ``stored``: what it yields is kept in the journal, in other words than "it was true"."""

    path: Path
    source: str
    variables: frozenset[str]
    stored: bool = False


Formulas = Iterator[Formula]


class Formulae:
    """Reads the expressions of one object, each at its ``keys``; ``more`` are variables that it
    alone sees.
    """

    def __init__(self, place: TaskPlace, report: Report) -> None:
        self._place, self._report = place, report

    def of(self, path: Path, body: dict[str, Any]) -> Formulae:
        """The same for an object inside this one."""
        return Formulae(replace(self._place, path=path, body=body), self._report)

    def always(self, *keys: str, more: frozenset[str] = NONE) -> Formulas:
        """A text that is an expression with and without its ``${ }``."""
        value = at(self._place.body, *keys)
        if isinstance(value, str):
            yield Formula(
                (*self._place.path, *keys), source_of(value), self._place.variables | more
            )

    def template(self, *keys: str, more: frozenset[str] = NONE) -> Formulas:
        """Any JSON, in which texts that are one ``${ … }`` are expressions."""
        path, variables = (*self._place.path, *keys), self._place.variables | more
        return self._inside(path, at(self._place.body, *keys), variables)

    def transform(self, *keys: str) -> Formulas:
        """A text is an expression as a whole; an object holds some."""
        is_text = isinstance(at(self._place.body, *keys), str)
        return self.always(*keys) if is_text else self.template(*keys)

    def policy(self, *keys: str, more: frozenset[str]) -> Formulas:
        """A retry policy: its conditions keep nothing."""
        value = at(self._place.body, *keys)
        for key in value if isinstance(value, dict) else ():
            if key in CONDITIONS:
                yield from self.always(*keys, key, more=more)
            else:
                yield from stored(self.template(*keys, key, more=more))

    def _inside(self, path: Path, value: Any, variables: frozenset[str]) -> Formulas:
        match value:
            case dict():
                for key, inner in value.items():
                    yield from self._inside((*path, key), inner, variables)
            case list():
                for index, inner in enumerate(value):
                    yield from self._inside((*path, index), inner, variables)
            case str() if is_expression(value):
                yield Formula(path, source_of(value), variables)
            case str() if "${" in value:
                message = "the text holds `${` but is no expression as a whole: it stays as it is"
                self._report.warn(
                    path, message, "", r'write it as one expression: ${ "Hello \(.name)" }'
                )


def stored(formulas: Formulas) -> Formulas:
    """The same, of which what they yield is kept."""
    return (formula._replace(stored=True) for formula in formulas)
