"""The journal's records as rows: the records' own fields say which columns there are and what they
hold.

A new field of a record is a new column of its table (with a migration): writing, in both forms of a
move, and reading follow from it. A test holds the tables' models to the records.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import Field, fields
from datetime import UTC, datetime
from enum import StrEnum
from operator import attrgetter
from types import UnionType
from typing import Any, get_args, get_type_hints

from django.db import connection

from executions.journal.records import AttemptRecord, EventRecord, StepRecord
from executions.states import StepStatus
from executions.values import dumps
from executions.vendor import vendor

_SQL = {
    bool: "boolean",
    datetime: "timestamptz",
    float: "double precision",
    int: "int",
    str: "text",
    StepStatus: "text",
    uuid.UUID: "uuid",
}
# The values that each database's driver takes as they are.
_AS_IS = (bool, float, int, str)


class Table:
    """How records of one class are written.

    ``of_move`` are columns that the move knows and the record does not; what a record holds as JSON
    comes last.
    """

    def __init__(self, name: str, record: type[Any], *, left_out: str, **of_move: str) -> None:
        hints = get_type_hints(record)
        names = [each.name for each in _stored(record) if each.name != left_out]
        types = {each: _held(hints[each]) for each in names}
        as_is = [each for each, held in types.items() if held in _AS_IS]
        adapted = [each for each, held in types.items() if held in _SQL and held not in _AS_IS]
        self.name = name
        self.json = tuple(each for each, held in types.items() if held not in _SQL)
        plain = {each: _SQL[types[each]] for each in (*as_is, *adapted)}
        self.columns = {**of_move, **plain, **dict.fromkeys(self.json, "text")}
        self._as_is, self._adapted = _reader(as_is), _reader(adapted)

    def row(
        self, record: Any, of_move: tuple[Any, ...], texts: Iterable[str | None] | None = None
    ) -> list[Any]:
        """The values in the order of ``columns``; ``texts`` are those of ``json`` where they are
        written already.
        """
        if texts is None:
            texts = (json_text(getattr(record, name)) for name in self.json)
        return [
            *map(adapt, of_move),
            *self._as_is(record),
            *map(adapt, self._adapted(record)),
            *texts,
        ]


def _stored(record: type[Any]) -> list[Field[Any]]:
    return [each for each in fields(record) if each.init]


def _reader(names: Sequence[str]) -> Callable[[Any], tuple[Any, ...]]:
    # An attrgetter of one name gives no tuple.
    if len(names) > 1:
        return attrgetter(*names)
    return lambda record: tuple(getattr(record, name) for name in names)


def _held(hint: Any) -> Any:
    """The type of a field beside None; JSON's is none of ``_SQL``."""
    return get_args(hint)[0] if isinstance(hint, UnionType) else hint


class AsJson:
    """Marks a value of ``Move.columns`` that is stored as JSON text."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


def adapt(value: Any) -> Any:
    """A Python value as this database's driver takes it in raw SQL."""
    if value is None:
        return None
    change = _CHANGED.get(type(value))
    if change is not None:
        return change(value)
    if isinstance(value, StrEnum):
        return value.value
    return json_text(value.value) if isinstance(value, AsJson) else value


def _moment(value: datetime) -> Any:
    if vendor() == "postgresql":
        return value
    if value.tzinfo is UTC:
        # As Django writes it; its own way there costs half of a step's row.
        return str(value.replace(tzinfo=None))
    return connection.ops.adapt_datetimefield_value(value)


def _key(value: uuid.UUID) -> Any:
    return value if vendor() == "postgresql" else value.hex


_CHANGED: dict[type, Callable[[Any], Any]] = {
    datetime: _moment,
    int: lambda value: value,
    str: lambda value: value,
    uuid.UUID: _key,
}


def json_text(value: Any) -> str | None:
    """The JSON text that a column keeps; SQL NULL for none."""
    return None if value is None else dumps(value)


# A step's number is given by the move that finishes it.
STEPS = Table("executions_step", StepRecord, left_out="seq", execution_id="uuid")
ATTEMPTS = Table(
    "executions_attempt", AttemptRecord, left_out="", process_id="uuid", correlation_id="text"
)
EVENTS = Table(
    "executions_event",
    EventRecord,
    left_out="notify_owner",
    execution_id="uuid",
    created_at="timestamptz",
    sent_at="timestamptz",
)
# The columns that are read of a step, in the order in which a record takes them.
RECORD_FIELDS = tuple(each.name for each in _stored(StepRecord))


def record_of(row: Iterable[Any]) -> StepRecord:
    """The record of a row of RECORD_FIELDS."""
    record = StepRecord(*row)
    # A status that nobody knows stays as it is: the verification of the chain finds it.
    with suppress(ValueError):
        record.status = StepStatus(record.status)
    return record
