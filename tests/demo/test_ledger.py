"""The ledger only grows, and survives a process that died while writing."""

from __future__ import annotations

from pathlib import Path

from executions.demo.ledger import Ledger


def test_entries_are_on_the_disk_in_order(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "new")
    ledger.append("charge", key="a")
    ledger.append("ship", key="\ud800 half a pair")
    assert ledger.path.read_text().count("\n") == 2
    assert [(entry["sequence"], entry["effect"]) for entry in Ledger(tmp_path / "new").entries] == [
        (1, "charge"),
        (2, "ship"),
    ]


def test_a_line_that_was_cut_off_by_a_crash_is_dropped(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.append("charge", key="a")
    with ledger.path.open("a") as file:
        file.write('{"sequence": 2, "effe')
    again = Ledger(tmp_path)
    again.append("ship", key="b")
    assert [entry["effect"] for entry in Ledger(tmp_path).entries] == ["charge", "ship"]
