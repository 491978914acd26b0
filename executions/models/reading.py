"""Rows of a model read by a statement of our own: which columns there are, and what their values
become, is worked out once for each model.

The ORM composes a query's text anew each time, which costs a claim more than the database does.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, cached_property
from typing import Any, Generic, TypeVar

from django.db import connection, models

from executions.journal.records import DECISION, StepRecord
from executions.models.prepared import AMONG, keys_as_one, statement_cursor
from executions.models.rows import RECORD_FIELDS, record_of
from executions.vendor import vendor

M = TypeVar("M", bound=models.Model)
Converter = Callable[[Any, Any, Any], Any]


class Reader(Generic[M]):
    """Reads columns of ``model``, all of them or those of ``fields`` (attribute names)."""

    def __init__(self, model: type[M], fields: Sequence[str] = ()) -> None:
        self.model = model
        columns = {field.attname: field for field in model._meta.concrete_fields}
        self._fields = [columns[name] for name in fields or columns]
        self._names = [field.attname for field in self._fields]

    @cached_property
    def columns(self) -> str:
        """The columns as SQL, in the order in which a row has them."""
        return ", ".join(connection.ops.quote_name(str(field.column)) for field in self._fields)

    @cached_property
    def _converters(self) -> list[tuple[int, Any, list[Converter]]]:
        converted = []
        for at, field in enumerate(self._fields):
            column = field.get_col(self.model._meta.db_table)
            converters = [
                *connection.ops.get_db_converters(column),
                *column.get_db_converters(connection),
            ]
            if converters:
                converted.append((at, column, converters))
        return converted

    def values(self, row: Iterable[Any]) -> list[Any]:
        """The row's values as the ORM gives them."""
        values = list(row)
        for at, column, converters in self._converters:
            for convert in converters:
                values[at] = convert(values[at], column, connection)
        return values

    def instance(self, row: Iterable[Any]) -> M:
        """The row as an instance of the model, as the ORM loads it."""
        return self.model.from_db(connection.alias, self._names, self.values(row))


def standing_records(
    execution_ids: Sequence[uuid.UUID],
) -> Iterator[tuple[uuid.UUID, StepRecord]]:
    """The standing steps of these executions, decisions left out, each with its execution's key and
    in the order in which it was begun.
    """
    steps = _steps()
    with statement_cursor() as cursor:
        cursor.execute(_standing(), [keys_as_one(execution_ids), DECISION])
        rows = cursor.fetchall()
    for row in rows:
        characters = sum(len(value) for value in row if type(value) is str)
        execution_id, *values = steps.values(row)
        record = record_of(values)
        record.characters = characters
        yield execution_id, record


@cache
def _standing() -> str:
    return (
        f"SELECT {_steps().columns} FROM executions_step WHERE execution_id"
        f" {AMONG[vendor()]} AND superseded_by_id IS NULL AND kind <> %s ORDER BY id"
    )


@cache
def _steps() -> Reader[models.Model]:
    from executions.models.step import Step

    return Reader(Step, ("execution_id", *RECORD_FIELDS))
