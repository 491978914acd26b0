"""A run's figures become a chart that says them, and tables between the page's marks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest

from benchmarks.chart import Group, chart
from benchmarks.measured import OURS, Measured, medians, ratios
from benchmarks.page import BEGIN, END, PAGE, between_marks, drawing, tables

ONE = Measured(
    workflows_per_second=100.0,
    step_to_step_ms=1.0,
    step_to_step_p99_ms=2.0,
    idle_start_ms=3.0,
    worker_cpu_ms=4.0,
    database_cpu_ms=5.0,
    additions_ms=30.0,
    load=0.5,
)
FOUND = {
    OURS: [ONE, replace(ONE, workflows_per_second=300.0), ONE],
    "Absurd 0.5": [replace(ONE, workflows_per_second=50.0)] * 3,
}
NAMESPACE = "{http://www.w3.org/2000/svg}"


def test_a_ratio_is_that_of_the_same_round() -> None:
    assert medians(FOUND, "workflows_per_second") == {OURS: 100.0, "Absurd 0.5": 50.0}
    assert ratios(FOUND, "workflows_per_second") == {"Absurd 0.5": 2.0}


def test_a_peer_that_used_none_has_no_ratio() -> None:
    found = {OURS: [ONE], "DBOS 3.4": [replace(ONE, database_cpu_ms=0.0)]}
    assert ratios(found, "database_cpu_ms") == {}


def test_the_tables_say_when_how_busy_and_how_much() -> None:
    text = tables(FOUND, datetime(2026, 11, 30, tzinfo=UTC), cores=2)
    assert "2026-11-30, 2 cores, load 0.5 to 0.5, rounds: 3, medians over them." in text
    assert "| | Stigmer | Absurd 0.5 |" in text
    assert "| Workflows a second | 100 | 50 |" in text
    assert "| Workflows a second | 2.00 |" in text


def test_only_the_text_between_the_marks_is_replaced() -> None:
    page = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    assert between_marks(page, "new") == f"before\n{BEGIN}\nnew\n{END}\nafter\n"
    with pytest.raises(ValueError, match="The page needs the marks"):
        between_marks("no marks", "new")


def test_the_page_has_the_marks() -> None:
    assert "new" in between_marks(PAGE.read_text(), "new")


def test_the_chart_is_svg_with_a_bar_and_its_words_for_each_system() -> None:
    drawn = ElementTree.fromstring(drawing(FOUND))
    assert drawn.get("viewBox")
    described = drawn.findtext(f"{NAMESPACE}desc") or ""
    assert "Absurd 0.5: 50 (ours 2.00 ×)" in described
    assert len(drawn.findall(f"{NAMESPACE}rect")) == 2 * 4


def test_names_are_escaped_and_the_longest_bar_fills_the_width() -> None:
    text = chart("a < b", [Group("<i>", {"x": 2.0, "y": 1.0}, {"x": "2 & more", "y": "1"})])
    drawn = ElementTree.fromstring(text)
    widths = [float(bar.get("width") or 0) for bar in drawn.findall(f"{NAMESPACE}rect")]
    assert widths[0] == 2 * widths[1]
    assert "<i>" not in text
