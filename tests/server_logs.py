"""What the servers under test write, shown with the test that failed beside them: what a client
sees of a failure seldom says why. A plugin of pytest.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

# As much of the end of each log as one reads; a server that lives long writes more.
SHOWN_BYTES = 16_384
_begins: dict[Path, int] = {}


@contextmanager
def writing(log: Path) -> Iterator[IO[bytes]]:
    """The log of a server, for its process to append to."""
    with log.open("ab") as stream:
        _begins.setdefault(log, stream.tell())
        yield stream


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    begin()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        report.sections.extend(sections())
    return report


def begin() -> None:
    """A test begins: what was written until now is not its own."""
    for log in list(_begins):
        if log.exists():
            _begins[log] = log.stat().st_size
        else:
            del _begins[log]


def sections() -> list[tuple[str, str]]:
    """Title and text of what each server wrote since then."""
    found = []
    for log, begins in _begins.items():
        if log.exists() and (size := log.stat().st_size) > begins:
            first = max(begins, size - SHOWN_BYTES)
            with log.open("rb") as stream:
                stream.seek(first)
                text = stream.read().decode(errors="replace")
            left_out = f"[{first - begins:,} bytes before are left out]\n" if first > begins else ""
            found.append((f"Server's log {log}", left_out + text))
    return found
