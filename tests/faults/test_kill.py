"""The hook that kills can be armed in trials alone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.faults.harness.kill import Points, arm


def test_the_hook_is_refused_without_the_variable_of_the_harness(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("STIGMER_TEST_FAULTS", raising=False)
    with pytest.raises(RuntimeError, match="for trials"):
        arm(None)


def test_writes_have_a_point_before_and_after_them_and_reads_have_none() -> None:
    points = Points(None)

    def execute(sql: str, parameters: Any, many: bool, context: dict[str, Any]) -> str:
        return sql

    for sql in (
        "SELECT 1",
        "INSERT INTO t VALUES (1)",
        " update t SET n = 1",
        "WITH held AS (UPDATE t) SELECT 1",
    ):
        points.execute(execute, sql, (), False, {})
    assert points.count == 6
