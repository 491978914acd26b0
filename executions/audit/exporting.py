"""The trail as a file for other programs: CSV that no spreadsheet calculates, or JSON."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from typing import Any

from executions.models import AuditEntry
from executions.values import dumps

COLUMNS = (
    "entry",
    "at",
    "who",
    "what",
    "about",
    "outcome",
    "reason",
    "before",
    "after",
    "correlation_id",
    "key",
    "previous_hash",
    "hash",
)
# A spreadsheet calculates what begins with one of these, after spaces too; where it takes another
# character than a comma to part the cells, what follows that one begins a cell.
_FIRST = re.compile(r"\A(?=[\t\r\n]|[\s\u00a0\u200b\ufeff]*[=+\-@＝＋－＠])")
_LATER = re.compile(r"(?<=[;\t\r\n|])(?=[\s\u00a0\u200b\ufeff]*[=+\-@＝＋－＠])")


def as_json(entry: AuditEntry) -> dict[str, Any]:
    """An entry with all that its hash covers."""
    return {
        "entry": entry.pk,
        "at": entry.created_at.isoformat(),
        "who": entry.actor_name,
        "what": entry.verb,
        "about": entry.subject,
        "outcome": entry.outcome,
        "reason": entry.reason,
        "before": entry.before,
        "after": entry.after,
        "correlation_id": entry.correlation_id,
        "key": entry.key,
        "previous_hash": entry.previous_hash,
        "hash": entry.hash,
    }


def json_text(rows: Iterable[AuditEntry]) -> Iterator[str]:
    """A JSON list, an entry a line."""
    parted = "[\n"
    for row in rows:
        yield parted + dumps(as_json(row))
        parted = ",\n"
    yield "\n]\n" if parted != "[\n" else "[]\n"


def csv_text(rows: Iterable[AuditEntry]) -> Iterator[str]:
    """CSV after RFC 4180, every cell quoted, no cell a formula."""
    yield _line(COLUMNS)
    for row in rows:
        said = as_json(row)
        yield _line(cell(said[name]) for name in COLUMNS)


def cell(value: Any) -> str:
    """A value as text that a spreadsheet shows and does not calculate."""
    text = "" if value is None else value if isinstance(value, str) else dumps(value)
    return _LATER.sub("'", _FIRST.sub("'", text.replace("\x00", "")))


def _line(cells: Iterable[str]) -> str:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerow(cells)
    return text.getvalue()


FORMATS = {
    "csv": ("text/csv; charset=utf-8", csv_text),
    "json": ("application/json", json_text),
}
