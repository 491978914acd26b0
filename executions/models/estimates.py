"""How many rows of a large table have each value of a column, without reading all of them."""

from __future__ import annotations

from django.db import connection
from django.db.models import Count, Model, QuerySet

from executions.vendor import vendor

# A table that the database believes to be smaller is counted exactly.
EXACT_ROWS = 100_000
_SAMPLED_ROWS = 20_000


def counts_by(rows: QuerySet[Model], column: str) -> dict[str, int]:
    """Rows by the value of ``column``: exact for a small table.

    On PostgreSQL a large one is estimated from pages picked at random; a value that is rare may be
    missing then. ``rows`` is a filter of a whole table. SQLite is counted exactly.
    """
    total = _believed(rows.model)
    counted = rows.order_by().values_list(column).annotate(Count("pk"))
    if total <= EXACT_ROWS:
        return dict(counted)
    sql, parameters = counted.query.sql_with_params()
    table = connection.ops.quote_name(rows.model._meta.db_table)
    part = min(1.0, _SAMPLED_ROWS / total)
    sampled = sql.replace(
        f"FROM {table}", f"FROM {table} TABLESAMPLE SYSTEM ({100 * part:.6f}) REPEATABLE (1)", 1
    )
    with connection.cursor() as cursor:
        cursor.execute(sampled, parameters)
        pairs = cursor.fetchall()
    return {value: round(number / part) for value, number in pairs}


def _believed(model: type[Model]) -> int:
    """How many rows the database believes the table to have; 0 where it does not say."""
    if vendor() != "postgresql":
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass",
            [model._meta.db_table],
        )
        return max(0, int(cursor.fetchone()[0]))
