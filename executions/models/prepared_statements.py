"""Statements that come again, by libpq's own calls: PostgreSQL parses and plans each once per
connection.

psycopg's cursor does the same by a generator that waits for the socket, and each wait of it gives
the interpreter's lock away. If many threads drive, to get the lock back costs more than the
statement: one call of libpq gives it away once.
"""

from __future__ import annotations

import uuid
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import psycopg
from psycopg import errors, pq
from psycopg.adapt import Transformer

from executions.models.prepared import MOST_TEXTS

# Of one connection; a worker's have two dozen shapes. The server keeps a plan for each.
MOST_STATEMENTS = 200
_GOOD = (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK)


def cursor(raw: psycopg.Connection[Any]) -> Any:
    """The cursor for such statements of this connection.

    With ``prepared=off`` in DATABASE_URL (a pooler stands between) nothing is kept by the server.
    """
    return Unprepared(raw) if raw.prepare_threshold is None else Prepared(raw)


class Unprepared(psycopg.RawCursor[Any]):
    """psycopg's cursor, for the same texts and values."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        return super().execute(numbered(query), as_text(params or ()), **options)


class Prepared:
    """As much of a cursor as is needed: ``execute``, ``fetchone`` and ``fetchall``."""

    def __init__(self, raw: psycopg.Connection[Any]) -> None:
        self._raw, self._libpq = raw, raw.pgconn
        self._names: OrderedDict[str, bytes] = OrderedDict()
        self._made = 0
        self._loader = Transformer(raw)
        self._rows: list[tuple[Any, ...]] = []

    def execute(self, query: str, params: Sequence[Any] = ()) -> None:
        """Raises psycopg.Error."""
        self._rows = []
        if self._libpq.transaction_status == pq.TransactionStatus.IDLE and not self._raw.autocommit:
            # psycopg begins a transaction with the first statement of its own.
            self._checked(self._libpq.exec_(b"BEGIN"))
        name = self._names.get(query) or self._prepared(query)
        self._names.move_to_end(query)
        # psycopg declares no None, and takes it as NULL.
        values: list[Any] = [
            None if value is None else _AS_BYTES.get(type(value), _in_words)(value)
            for value in params
        ]
        result = self._checked(self._libpq.exec_prepared(name, values))
        if result.ntuples:
            self._loader.set_pgresult(result)
            self._rows = self._loader.load_rows(0, result.ntuples, tuple)

    def fetchone(self) -> tuple[Any, ...] | None:
        """The first row of the last statement, and the next one after it."""
        return self._rows.pop(0) if self._rows else None

    def fetchall(self) -> list[tuple[Any, ...]]:
        """The rows that are left of the last statement."""
        rows, self._rows = self._rows, []
        return rows

    def close(self) -> None:
        """Nothing is held but the last rows."""
        self._rows = []

    def _prepared(self, query: str) -> bytes:
        if len(self._names) >= MOST_STATEMENTS:
            _, oldest = self._names.popitem(last=False)
            self._checked(self._libpq.exec_(b"DEALLOCATE " + oldest))
        self._made += 1
        name = b"stigmer_%d" % self._made
        self._checked(self._libpq.prepare(name, numbered(query)))
        self._names[query] = name
        return name

    def _checked(self, result: Any) -> Any:
        if result.status in _GOOD:
            return result
        if self._libpq.status == pq.ConnStatus.BAD and not result.error_field(
            pq.DiagnosticField.SQLSTATE
        ):
            # The server said nothing: the connection ended in the middle.
            raise psycopg.OperationalError(result.get_error_message())
        raise errors.error_from_result(result)


@lru_cache(MOST_TEXTS)
def numbered(text: str) -> bytes:
    """The statement with PostgreSQL's own placeholders in place of ``%s``."""
    first, *rest = text.split("%s")
    return "".join([first, *(f"${at}{part}" for at, part in enumerate(rest, 1))]).encode()


def as_text(values: Sequence[Any]) -> list[str | None]:
    """The values as the server reads them from text."""
    return [
        None if value is None else _AS_BYTES.get(type(value), _in_words)(value).decode()
        for value in values
    ]


def _in_words(value: Any) -> bytes:
    return str(value).encode()


# As text, of which the statement says the types: it is prepared once, not once for each size that
# its numbers may have.
_AS_BYTES: dict[type, Callable[[Any], bytes]] = {
    bool: lambda value: b"t" if value else b"f",
    datetime: lambda value: value.isoformat().encode(),
    float: lambda value: repr(value).encode(),
    int: lambda value: b"%d" % value,
    str: str.encode,
    uuid.UUID: _in_words,
}
