"""Several questions whether there is something, asked by one statement whose text is kept.

The ORM composes a query's text anew each time, which costs three times as much as the answer; a
worker at rest asks a dozen such questions a second.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
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

    def __init__(self, exist: Mapping[str, QuerySet[Any]], first: QuerySet[Any]) -> None:
        self._exist, self._first = exist, first
        self._known: tuple[str, list[Any]] | None = None

    def ask(self) -> tuple[dict[str, bool], Any]:
        """The answers by name, and the value; None where there is none."""
        text, values = self._statement()
        with statement_cursor() as cursor:
            cursor.execute(text, values)
            *answers, first = cursor.fetchone()
        names = dict(zip(self._exist, map(bool, answers), strict=True))
        return names, self._converted(first)

    def _statement(self) -> tuple[str, list[Any]]:
        if self._known is None:
            # An order is worth nothing to a question whether there is any.
            rows = [query.order_by().values("pk") for query in self._exist.values()]
            parts = [each.query.sql_with_params() for each in (*rows, self._first[:1])]
            *exist, first = (_composed(sql, list(values)) for sql, values in parts)
            text = ", ".join([*(f"EXISTS({sql})" for sql, _ in exist), f"({first[0]})"])
            self._known = f"SELECT {text}", [each for _, own in (*exist, first) for each in own]
        return self._known

    def _converted(self, value: Any) -> Any:
        """The value as the ORM gives it."""
        if value is None:
            return None
        (column,) = self._first.query.select
        for convert in connection.ops.get_db_converters(cast(Expression, column)):
            value = convert(value, column, connection)
        return value


def _composed(sql: str, values: list[Any]) -> tuple[str, list[Any]]:
    """On PostgreSQL with its values as literals, which have types there."""
    if vendor() != "postgresql":
        return sql, values
    connection.ensure_connection()
    # Of the operations of PostgreSQL alone.
    compose: Callable[[str, list[Any]], str] = connection.ops.compose_sql  # type: ignore[attr-defined]
    return compose(sql, values), []
