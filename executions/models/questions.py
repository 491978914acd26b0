"""Several questions whether there is something, asked by one statement whose text is kept.

The ORM composes a query's text anew each time, which costs three times as much as the answer; a
worker at rest asks a dozen such questions a second.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from django.db import connection
from django.db.models import Expression, QuerySet

from executions.models.prepared import statement_cursor
from executions.vendor import vendor


class Questions:
    """``exist``: whether each of these finds a row. ``first``: the value that this query finds
    first, of one column.

    The queries hold no value that changes with time: ``Now()`` stands in its place.
    """

    def __init__(
        self, exist: Mapping[str, QuerySet[Any]], first: QuerySet[Any] | None = None
    ) -> None:
        self._exist, self._first = exist, first
        self._known: tuple[str, list[Any]] | None = None

    def ask(self) -> tuple[dict[str, bool], Any]:
        """The answers by name, and the value; None where there is none."""
        text, values = self._statement()
        with statement_cursor() as cursor:
            cursor.execute(text, values)
            row = cursor.fetchone()
        answers = dict(zip(self._exist, map(bool, row), strict=False))
        return answers, None if self._first is None else self._converted(self._first, row[-1])

    def _statement(self) -> tuple[str, list[Any]]:
        if self._known is None:
            # An order is worth nothing to a question whether there is any.
            rows = [query.order_by().values("pk") for query in self._exist.values()]
            parts = [("EXISTS", each) for each in rows]
            parts += [] if self._first is None else [("", self._first[:1])]
            texts, values = [], []
            for word, query in parts:
                text, own = _composed(*query.query.sql_with_params())
                texts.append(f"{word}({text})")
                values += own
            self._known = f"SELECT {', '.join(texts)}", values
        return self._known

    def _converted(self, first: QuerySet[Any], value: Any) -> Any:
        """The value as the ORM gives it."""
        if value is None:
            return None
        (column,) = first.query.select
        for convert in connection.ops.get_db_converters(cast(Expression, column)):
            value = convert(value, column, connection)
        return value


class Pairs:
    """The rows of one query of two columns, as the database gives them, by a statement whose text
    is kept. Its query holds no value that changes with time either.
    """

    def __init__(self, query: QuerySet[Any]) -> None:
        self._query = query
        self._known: tuple[str, list[Any]] | None = None

    def ask(self) -> dict[Any, Any]:
        """The second column by the first."""
        if self._known is None:
            self._known = _composed(*self._query.query.sql_with_params())
        with statement_cursor() as cursor:
            cursor.execute(*self._known)
            rows = cursor.fetchall()
        return dict(rows)


def _composed(sql: str, values: Sequence[Any]) -> tuple[str, list[Any]]:
    """On PostgreSQL with its values as literals, which have types there."""
    if vendor() != "postgresql":
        return sql, list(values)
    connection.ensure_connection()
    # Only the operations of PostgreSQL have it.
    compose: Callable[[str, Sequence[Any]], str]
    compose = connection.ops.compose_sql  # type: ignore[attr-defined]
    return compose(sql, values), []
