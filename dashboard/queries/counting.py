"""Several counts in one statement: the database is asked once in place of once for each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet


def of_each(rows: Mapping[str, QuerySet[Any]]) -> dict[str, int]:
    """How many each of these are; a limit that they have bounds the look."""
    statements: list[str] = []
    values: list[Any] = []
    named: list[str] = []
    for name, each in rows.items():
        try:
            statement, parameters = each.query.sql_with_params()
        except EmptyResultSet:
            continue
        named.append(name)
        statements.append(f"(SELECT COUNT(*) FROM ({statement}) counted)")
        values += parameters
    if not named:
        return dict.fromkeys(rows, 0)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(statements)}", values)
        counts = dict(zip(named, cursor.fetchone(), strict=True))
    return {name: counts.get(name, 0) for name in rows}
