"""The trail as a file: nothing in it is calculated, nothing is lost."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

import pytest

from executions import audit, clock
from executions.audit.exporting import COLUMNS, cell, csv_text, json_text
from executions.audit.searching import Search, matching
from executions.models import AuditEntry

FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    " =1",
    "\u00a0=1",
    "\ufeff=1",
    "＝1",
    "＋1",
    "－1",
    "＠SUM(A1)",
    '=HYPERLINK("http://127.0.0.1")',
    "harmless;=1+1",
    "harmless\n=1+1",
    "harmless\t@x",
    "a|=1",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_is_a_formula_whatever_parts_the_cells(text: str) -> None:
    for separator in (",", ";", "\t", "|", "\n"):
        for part in cell(text).split(separator):
            assert (
                part.strip(" \t\r\n\u00a0\u200b\ufeff")[:1] not in "=+-@＝＋－＠"
                or not part.strip()
            )


@pytest.mark.parametrize("text", ["plain", "a=b", "1+1", "", "2026-01-01", '{"a":-1}', "ünï"])
def test_what_is_no_formula_stays_as_it_is(text: str) -> None:
    assert cell(text) == text


@pytest.mark.django_db
def test_both_files_hold_every_entry() -> None:
    for text in FORMULAS:
        audit.record_account("log in", text, None, after={"door": text}, reason=text)
    rows = list(matching(Search()))
    table = list(csv.reader(io.StringIO("".join(csv_text(rows)), newline="")))
    assert tuple(table[0]) == COLUMNS
    assert len(table) == len(FORMULAS) + 1
    assert all(line[0].isdigit() for line in table[1:])
    dangerous = [each for line in table for each in line if each[:1] in tuple("=+-@＝＋－＠\t\r")]
    assert dangerous == []
    told = json.loads("".join(json_text(rows)))
    assert [each["reason"] for each in told] == FORMULAS[::-1]
    assert json.loads("".join(json_text([]))) == []


@pytest.mark.django_db
@pytest.mark.database
def test_every_filter_filters() -> None:
    for name in ("ann", "bob"):
        audit.record_account("log in", name, None)
    audit.record_account("log in", "bob", None, outcome=audit.FAILED)
    audit.record_installation("rotate audit key", "audit trail", None)
    now = clock.now()

    def found(**how: object) -> list[str]:
        return [row.subject for row in matching(Search(**how))]  # type: ignore[arg-type]

    assert found(who="bob") == ["bob", "bob"]
    assert found(who="bob", outcome="failed") == ["bob"]
    assert found(what="rotate audit key") == ["audit trail"]
    assert found(about="ann") == ["ann"]
    assert found(about="wex-00000000000000000000000000") == []
    assert found(since=now) == []
    assert len(found(until=now, since=now - timedelta(minutes=5))) == 4
    assert AuditEntry.objects.count() == 4
