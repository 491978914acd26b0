"""A cursor whose statements PostgreSQL parses and plans once per connection.

Django sends its statements with the values written into them, so each is parsed and planned anew; a
step boundary is one of few statements that are sent over and over, and planning it costs more than
carrying it out.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.utils import CursorWrapper

from executions.vendor import vendor

# Texts that are kept with numbered placeholders; each shape of a move is one.
MOST_TEXTS = 1_000
_ATTRIBUTE = "stigmer_prepared_cursor"


def prepared_cursor() -> CursorWrapper:
    """The cursor of the current connection for statements that come again, under Django's own
    wrappers.

    It is one for the life of the connection: its last result stands until the next statement.
    """
    connection.ensure_connection()
    wrapper: CursorWrapper = connection.make_cursor(_cursor_of(connection.connection))
    return wrapper


def prepared_rows(text: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """The rows that one such statement of PostgreSQL answers; raises Django's errors.

    A step boundary is one: whatever it does not need is left out. If somebody looks at the
    statements of this connection, it goes through the wrappers.
    """
    # Django looks its connection up at each name that it is asked for.
    own = connections[DEFAULT_DB_ALIAS]
    own.ensure_connection()
    if own.execute_wrappers:
        cursor = prepared_cursor()
        cursor.execute(text, values)
    else:
        own.validate_no_broken_transaction()
        cursor = _cursor_of(own.connection)
        with own.wrap_database_errors:
            cursor.execute(text, values)
    rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


@contextmanager
def statement_cursor() -> Iterator[CursorWrapper]:
    """The prepared one on PostgreSQL; SQLite's driver keeps its statements itself."""
    if vendor() == "postgresql":
        yield prepared_cursor()
    else:
        with connection.cursor() as cursor:
            yield cursor


def _cursor_of(raw: Any) -> Any:
    cursor = getattr(raw, _ATTRIBUTE, None)
    if cursor is None:
        # Only where PostgreSQL is in use: loading its driver takes a tenth of a second.
        from executions.models import prepared_statements

        cursor = prepared_statements.cursor(raw)
        setattr(raw, _ATTRIBUTE, cursor)
    return cursor


# "is one of" a single value that holds many keys: a statement has one text, however many they are.
AMONG = {
    "postgresql": "= ANY (%s::uuid[])",
    "sqlite": "IN (SELECT value FROM json_each(%s))",
}


def keys_as_one(keys: Iterable[uuid.UUID]) -> str:
    """The keys as the value of ``AMONG``."""
    if vendor() == "postgresql":
        return "{" + ",".join(map(str, keys)) + "}"
    return json.dumps([key.hex for key in keys])
