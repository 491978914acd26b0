"""``stigmer objective`` says each target with what was reached of it."""

from __future__ import annotations

from typing import Any

from executions.cli.commands import objectives

SPAN: dict[str, Any] = {"runs": 1600, "wrong": 8, "reached_percent": 99.5, "burn": 0.5}
NONE: dict[str, Any] = {"runs": 0, "wrong": 0, "reached_percent": None, "burn": None}


def test_each_target_is_told_in_words() -> None:
    target = {
        "name": "duration",
        "percent": 99.0,
        "within_seconds": 30,
        "budget_used": 0.5,
        "last_hour": NONE,
        "last_24_hours": SPAN,
        "last_7_days": SPAN,
        "last_30_days": SPAN,
    }
    assert list(objectives.lines({"counted_days": 30, "targets": [target]})) == [
        "99 % of those complete within 30 s",
        "  last 7 days  99.5 % of 1,600 runs",
        "  last 30 days  99.5 % of 1,600 runs",
        "  budget used  50 %",
        "  burn  - in the last hour, 0.5 in the last 24 hours (1 is sustainable)",
    ]
    part = {**target, "budget_used": None, "last_30_days": None}
    assert list(objectives.lines({"counted_days": 12, "targets": [part]}))[2:] == [
        "  last 30 days  not counted yet",
        "  budget used  -",
        "  burn  - in the last hour, 0.5 in the last 24 hours (1 is sustainable)",
        "12 of 30 days are counted; ask again, and it goes on there.",
    ]
