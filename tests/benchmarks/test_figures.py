"""Figures are what their names say, and the table has a place for each."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from benchmarks.figures import between, percentile, spread
from benchmarks.quick import table

FOUND = {
    "workflows_per_second": 150.0,
    "steps_per_second": 1500,
    "worker_cpu_ms_per_workflow": 9.0,
    "workflows_per_second_started_singly": 90.0,
    "paths_per_second": 160.0,
    "expressions_per_second": 120.0,
    "step_to_step": {"p50_ms": 0.4, "p99_ms": 2.0},
    "idle_start": {"p50_ms": 1.9, "p99_ms": 4.0},
    "floor": {"workflows_per_second": 220.0, "boundary": {"p50_ms": 0.3, "p99_ms": 1.0}},
}


@pytest.mark.parametrize(("share", "expected"), [(0.5, 50), (0.99, 99), (1.0, 100), (0.0, 1)])
def test_a_percentile_is_a_sample_that_so_many_do_not_exceed(share: float, expected: int) -> None:
    assert percentile(list(range(1, 101)), share) == expected


def test_gaps_are_counted_inside_each_execution_only() -> None:
    assert between([[1.0, 1.5, 3.0], [10.0, 10.25]]) == [0.5, 1.5, 0.25]


def test_a_spread_is_in_milliseconds() -> None:
    assert spread([0.001, 0.002, 0.003]) == {"p50_ms": 2.0, "p99_ms": 3.0, "samples": 3}


def test_the_table_names_ours_the_floor_and_the_peers() -> None:
    text = io.StringIO()
    beside = {"workflows_per_second": 104.5, "step_to_step_ms": 0.81, "worker_cpu_ms": 3.0}
    found = {"sqlite": FOUND, "postgres": FOUND | {"absurd": beside}}
    Console(file=text, width=120).print(table(found))
    for expected in (
        "SQLite",
        "PostgreSQL",
        "150.0",
        "220.0",
        "0.40 / 2.00",
        "Absurd 104.5, DBOS 33",
        "Absurd 0.81, DBOS 2.66",
        "1.90 / 4.00",
    ):
        assert expected in text.getvalue()
