"""Lines of Python fit a screen, those with a remark for a checker at their end too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.live import ROOT

MOST_COLUMNS = 100
FOLDERS = ("benchmarks", "dashboard", "executions", "scripts", "stigmer_site")


def _python() -> Iterator[Path]:
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*.py"):
            if "migrations" not in path.parts:
                yield path


def test_no_line_of_python_is_longer_than_a_hundred_columns() -> None:
    """A linter lets longer ones pass where a remark for a checker makes them long."""
    long = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in _python()
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if len(line) > MOST_COLUMNS
    ]
    assert long == []
