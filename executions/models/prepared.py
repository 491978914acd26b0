"""A cursor whose statements PostgreSQL parses and plans once per connection.

Django sends its statements with the values written into them, so each is parsed and planned anew; a
step boundary is one of few statements that are sent over and over, and planning it costs more than
carrying it out.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper


def prepared_cursor() -> CursorWrapper:
    """A cursor of the current connection for statements that come again; under Django's own
    wrappers.
    """
    connection.ensure_connection()
    cursor: CursorWrapper = connection.make_cursor(_cursor_class()(connection.connection))
    return cursor


@cache
def _cursor_class() -> type[Any]:
    # Only where PostgreSQL is in use: loading its driver takes a tenth of a second.
    import psycopg

    class PreparedCursor(psycopg.Cursor[Any]):
        def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
            # No effect where the connection says `prepare_threshold` None
            # (STIGMER_PREPARED_STATEMENTS).
            return super().execute(query, params, **{**options, "prepare": True})

    return PreparedCursor
