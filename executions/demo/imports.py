"""The functions of the example `csv-import`: rows of a CSV file go into an SQLite file, each key
once.

Files lie in ``STIGMER_HOME/imports``. A row is written by one statement keyed by its id, so a
second call for the same row finds it there and leaves it alone; ``writes`` counts how often a row
was really written.
"""

from __future__ import annotations

import csv
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated, Literal, TypedDict

from pydantic import Field

from executions.calls.python.functions import FunctionContext, PermanentError, function

COLUMNS = ("id", "name", "email", "country")
LEDGER_NAME = "customers.sqlite3"
MOST_BYTES = 1_000_000
SCHEMA = (
    "CREATE TABLE IF NOT EXISTS customer (id TEXT PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT"
    " NULL, country TEXT NOT NULL, writes INTEGER NOT NULL, execution TEXT NOT NULL)"
)
# The WHERE makes a repeated row a statement that changes nothing.
UPSERT = (
    "INSERT INTO customer (id, name, email, country, writes, execution) VALUES (?, ?, ?, ?, 1, ?)"
    " ON CONFLICT (id) DO UPDATE SET name = excluded.name, email = excluded.email, country ="
    " excluded.country, writes = writes + 1, execution = excluded.execution WHERE (name, email,"
    " country) IS NOT (excluded.name, excluded.email, excluded.country)"
)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*\.csv$", max_length=100)]


class Imported(TypedDict):
    """The result of one row."""

    id: str
    result: Literal["written", "already there"]


class BadRow(PermanentError):
    """A row, or the file, cannot be imported as it is."""

    def __init__(self, message: str) -> None:
        super().__init__(
            message, type="https://stigmer.example/errors/bad-row", status=422, title="Bad row"
        )


def folder() -> Path:
    """The folder of the CSV files and the ledger."""
    return Path(os.environ.get("STIGMER_HOME", "var")) / "imports"


@function(name="demo.csv.keys", effect="pure")
def keys(file: FileName) -> list[str]:
    """The ids of all rows, in the order of the file.

    A missing or repeated id is an error that names its line.
    """
    lines: dict[str, int] = {}
    for line, row in _rows(file):
        key = row["id"]
        if not key:
            raise BadRow(f"{file}, line {line}: the id is missing")
        if key in lines:
            raise BadRow(f"{file}, line {line}: the id {key} is in line {lines[key]} already")
        lines[key] = line
    return list(lines)


@function(name="demo.csv.import_row", effect="idempotent")
def import_row(
    file: FileName, key: str, context: FunctionContext, corrections: dict[str, str] | None = None
) -> Imported:
    """Check one row and write it.

    ``corrections`` replace values of the row, for a person who cannot edit the file.
    """
    entry = next(((line, row) for line, row in _rows(file) if row["id"] == key), None)
    if entry is None:
        raise BadRow(f"{file}: the row {key} is not there any more")
    line, row = entry
    _check_names(corrections or {})
    row |= corrections or {}
    _check_values(row, f"{file}, line {line} ({key})")
    with ledger() as connection:
        values = [row[column] for column in COLUMNS]
        written = connection.execute(UPSERT, [*values, context.execution_id]).rowcount
    return Imported(id=key, result="written" if written else "already there")


@contextmanager
def ledger() -> Iterator[sqlite3.Connection]:
    """The SQLite file that rows are imported into, in one transaction that ends with the block."""
    folder().mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(folder() / LEDGER_NAME, timeout=10)) as connection, connection:
        connection.execute(SCHEMA)
        yield connection


def _rows(file: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Line numbers and rows, values trimmed. Raises BadRow where the file is no such table."""
    path = folder() / file
    if not path.is_file():
        raise BadRow(f"{file} is not in the folder {folder()}")
    if path.stat().st_size > MOST_BYTES:
        raise BadRow(f"{file} is larger than {MOST_BYTES} bytes")
    with path.open(newline="", encoding="utf-8-sig") as stream:
        reader = csv.DictReader(stream)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise BadRow(f"{file}: the first line has to be {','.join(COLUMNS)}")
        for row in reader:
            yield reader.line_num, {column: (row[column] or "").strip() for column in COLUMNS}


def _check_names(corrections: dict[str, str]) -> None:
    allowed = [column for column in COLUMNS if column != "id"]
    for name in corrections:
        if name not in allowed:
            raise BadRow(
                f"corrections: there is no column {name!r} to correct; allowed are"
                f" {', '.join(allowed)}"
            )


def _check_values(row: dict[str, str], where: str) -> None:
    if not row["name"]:
        raise BadRow(f"{where}: the name is missing")
    if not _EMAIL.fullmatch(row["email"]):
        raise BadRow(
            f"{where}: {row['email']!r} is no e-mail address; correct it in the file, then recover"
        )
    if not re.fullmatch(r"[A-Z]{2}", row["country"]):
        raise BadRow(
            f"{where}: the country {row['country']!r} has to be two capital letters, such as DE"
        )
