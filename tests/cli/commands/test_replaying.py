"""``stigmer replay`` says what would differ, and ends with 3 where anything would."""

from __future__ import annotations

from typing import Any

import pytest

from executions.cli.commands import replaying

FOUND: dict[str, Any] = {
    "turns": 2,
    "calls": 1,
    "is_whole": True,
    "differences": [{"path": "", "text": "It would fail.\x1b[2J", "before": "", "after": "x"}],
}


def test_what_differs_is_told_by_step(capsys: pytest.CaptureFixture[str]) -> None:
    replaying._say(FOUND)
    told = capsys.readouterr().out
    assert told.startswith("the run: It would fail.") and "\x1b" not in told
    assert "    + x" in told and told.endswith("2 turns and 1 calls walked again; 1 differences\n")
    replaying._say(FOUND | {"differences": []})
    assert capsys.readouterr().out == "2 turns and 1 calls walked again; no differences\n"
