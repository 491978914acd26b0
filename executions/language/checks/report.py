"""The checks put what they find into a report."""

from __future__ import annotations

from executions.language.reading.problems import MOST_PROBLEMS, Path, Problem
from executions.language.reading.yaml import Source


class Report:
    """Problems refuse a definition, warnings are shown beside it; both are bounded."""

    def __init__(self, source: Source) -> None:
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self._source = source

    @property
    def is_full(self) -> bool:
        """Whether more problems were found than anybody reads: a check may stop."""
        return len(self.problems) > MOST_PROBLEMS

    def add(self, path: Path, message: str, expected: str = "", suggestion: str = "") -> None:
        if not self.is_full:
            self.problems.append(self._source.problem(path, message, expected, suggestion))

    def warn(self, path: Path, message: str, expected: str = "", suggestion: str = "") -> None:
        if len(self.warnings) < MOST_PROBLEMS:
            self.warnings.append(self._source.problem(path, message, expected, suggestion))
