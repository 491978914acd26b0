"""Runs that ended long ago: the clock of the rules is put forward."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from executions import clock
from executions.models import Execution
from executions.retention import pruning, rules
from tests.driving.conftest import *  # noqa: F403

DAYS = 100
STEPS = """\
do:
  - first: {set: {n: 1, words: "ünï \\u202e code", big: 123456789012345678901234567890, half: 0.1}}
  - second: {set: {m: "${ .n + 1 }"}}
"""
FAILS = """\
do:
  - first: {set: {n: 1}}
  - second: {raise: {error: {type: "https://example.com/no", status: 500, title: "No"}}}
"""


@pytest.fixture(autouse=True)
def archives(settings, tmp_path: Path) -> Path:
    """A folder for each test, and rules that let everything go after 30 days."""
    folder: Path = tmp_path / "archives"
    settings.STIGMER_ARCHIVE_FOLDER = folder
    phases = ("COMPLETED", "FAILED", "CANCELLED", "TERMINATED")
    settings.STIGMER_RETENTION = dict.fromkeys(phases, 30)
    return folder


@pytest.fixture(autouse=True)
def much_later(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Everything that a test makes is a hundred days old to the rules."""
    ahead = SimpleNamespace(now=lambda: clock.now() + timedelta(days=DAYS))
    monkeypatch.setattr(rules, "clock", ahead)
    yield


@pytest.fixture
def ended(begin, drive) -> Callable[..., Execution]:
    """A run that came to its end."""

    def make(steps: str = STEPS) -> Execution:
        execution: Execution = drive(begin(steps))
        assert not execution.is_active()
        return execution

    return make


def pruned() -> int:
    """Prune until nothing is due; how many runs."""
    number = 0
    while (done := pruning.go_on()) is not None:
        number += done.executions
    return number
