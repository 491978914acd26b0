"""Several counts in one statement: the database is asked once in place of once for each."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from itertools import pairwise
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


def counts_between(rows: QuerySet[Any], ends: Sequence[uuid.UUID]) -> list[int]:
    """How many keys lie between each of these and the next; the first of two is among them.

    The statement is made once and stands there for each pair with its keys in their places.
    """
    key = rows.model._meta.pk
    least, most = uuid.UUID(int=0), uuid.UUID(int=(1 << 128) - 1)
    between = rows.order_by().filter(pk__gte=least, pk__lt=most).values("pk")
    try:
        statement, parameters = between.query.sql_with_params()
    except EmptyResultSet:
        return [0] * (len(ends) - 1)
    low, high, *stored = (
        key.get_db_prep_value(each, connection, prepared=False) for each in (least, most, *ends)
    )
    values: list[Any] = []
    for since, until in pairwise(stored):
        places = {low: since, high: until}
        values += [_in_place(each, places) for each in parameters]
    one = f"(SELECT COUNT(*) FROM ({statement}) counted)"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join([one] * (len(ends) - 1))}", values)
        return list(cursor.fetchone())


def _in_place(value: Any, places: Mapping[Any, Any]) -> Any:
    """The value of a statement, or that which takes its place."""
    return places.get(value, value) if isinstance(value, (uuid.UUID, str)) else value
