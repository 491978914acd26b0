"""Somewhere in a document, with what is checked there most often: names that have to be
declared.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import islice
from typing import Any

from executions.language.checks.document import Outline, mapping
from executions.language.checks.report import Report
from executions.language.reading.problems import Path, did_you_mean, shown


class Place:
    """A :class:`~executions.calls.kind.CallPlace`: ``path`` leads to it, ``given`` is the object
    there.
    """

    def __init__(self, path: Path, outline: Outline, report: Report, arguments: Any = None) -> None:
        self.path = path
        self.given: dict[str, Any] = arguments if isinstance(arguments, dict) else {}
        self.known_functions = outline.known_functions
        self.known_people = outline.known_people
        self._outline, self._report = outline, report

    def add(self, keys: Path, message: str, expected: str = "", suggestion: str = "") -> None:
        self._report.add((*self.path, *keys), message, expected, suggestion)

    def warn(self, keys: Path, message: str, expected: str = "", suggestion: str = "") -> None:
        self._report.warn((*self.path, *keys), message, expected, suggestion)

    def unknown(
        self, keys: Path, message: str, name: str, names: Collection[str], expected: str
    ) -> None:
        if not self._report.is_full:
            self.add(keys, message.format(shown(name)), expected, did_you_mean(name, names))

    def named(self, keys: Path, name: str | None, section: str) -> None:
        declared = mapping(self._outline.document, "use", section)
        if name is not None and name not in declared:
            expected = (
                "one of: " + ", ".join(islice(declared, 20))
                if declared
                else "a name declared there"
            )
            self.unknown(keys, f"there is no {{}} under `use.{section}`", name, declared, expected)

    def secret(self, keys: Path, name: str) -> None:
        if name not in self._outline.secrets:
            expected = "a name listed under `use.secrets`"
            self.unknown(
                keys,
                "the secret {} is used but not declared",
                name,
                self._outline.secrets,
                expected,
            )
