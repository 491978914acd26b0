"""A cursor whose statements PostgreSQL parses and plans once per connection.

Django sends its statements with the values written into them, so each is parsed and planned anew; a
step boundary is one of few statements that are sent over and over, and planning it costs more than
carrying it out.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

from django.db import connection
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
    raw = connection.connection
    cursor = getattr(raw, _ATTRIBUTE, None)
    if cursor is None:
        cursor = _cursor_class()(raw)
        setattr(raw, _ATTRIBUTE, cursor)
    wrapper: CursorWrapper = connection.make_cursor(cursor)
    return wrapper


@contextmanager
def statement_cursor() -> Iterator[CursorWrapper]:
    """The prepared one on PostgreSQL; SQLite's driver keeps its statements itself."""
    if vendor() == "postgresql":
        yield prepared_cursor()
    else:
        with connection.cursor() as cursor:
            yield cursor


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


@lru_cache(MOST_TEXTS)
def numbered(text: str) -> bytes:
    """The statement with PostgreSQL's own placeholders in place of ``%s``."""
    first, *rest = text.split("%s")
    return "".join([first, *(f"${at}{part}" for at, part in enumerate(rest, 1))]).encode()


def as_text(values: Sequence[Any]) -> list[str | None]:
    """The values as the server reads them from text; the statement says their types.

    So one statement is prepared once, not once for each size that its numbers may have.
    """
    return [None if value is None else _AS_TEXT.get(type(value), str)(value) for value in values]


_AS_TEXT: dict[type, Callable[[Any], str]] = {
    bool: lambda value: "t" if value else "f",
    datetime: datetime.isoformat,
    float: repr,
    int: int.__repr__,
    str: str,
    uuid.UUID: str,
}


@cache
def _cursor_class() -> type[Any]:
    # Only where PostgreSQL is in use: loading its driver takes a tenth of a second.
    import psycopg

    class PreparedCursor(psycopg.RawCursor[Any]):
        def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
            # No effect where the connection says `prepare_threshold` None
            # (`prepared=off` in DATABASE_URL).
            options = {**options, "prepare": True}
            return super().execute(numbered(query), as_text(params or ()), **options)

    return PreparedCursor
