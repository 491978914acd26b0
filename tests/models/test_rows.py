"""The tables' models, and what is written and read of them, are what the records say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from datetime import timezone as zone

import pytest
from django.db import connection
from django.utils import timezone

from executions.ids import uuid7
from executions.journal.links import HASHED
from executions.journal.records import (
    JOURNAL_FORMAT,
    STORED_AS_TEXT,
    AttemptRecord,
    EventRecord,
    StepRecord,
)
from executions.models import Attempt, Event, Step
from executions.models.fields import JsonField
from executions.models.rows import ATTEMPTS, EVENTS, RECORD_FIELDS, STEPS, adapt, record_of
from executions.states import StepStatus

TABLES = [
    (STEPS, Step, {"seq", "changed_seq"}),
    (ATTEMPTS, Attempt, {"id"}),
    (EVENTS, Event, {"id", "seq"}),
]
# As Django names them on PostgreSQL; of a text it matters only that it is one.
KINDS = {
    "BooleanField": "boolean",
    "CharField": "text",
    "DateTimeField": "timestamptz",
    "FloatField": "double precision",
    "ForeignKey": "",
    "JsonField": "text",
    "PositiveIntegerField": "int",
    "PositiveSmallIntegerField": "int",
    "TextField": "text",
    "UUIDField": "uuid",
}


@pytest.mark.parametrize(("table", "model", "by_the_move"), TABLES)
def test_a_model_has_the_columns_of_its_record_and_those_that_a_move_numbers(
    table, model, by_the_move
):
    fields = {field.column: field for field in model._meta.concrete_fields}
    assert set(table.columns) | by_the_move == set(fields)
    for name, sql in table.columns.items():
        assert KINDS[type(fields[name]).__name__] in ("", sql), name
    assert {name for name, field in fields.items() if isinstance(field, JsonField)} == set(
        table.json
    )


def test_what_is_read_of_a_step_is_what_a_record_takes():
    columns = {field.column for field in Step._meta.concrete_fields}
    assert columns - set(RECORD_FIELDS) == {"execution_id", "changed_seq"}


def test_a_digest_covers_the_json_of_a_step_in_the_order_that_its_format_fixed():
    assert (
        STEPS.json
        == STORED_AS_TEXT
        == ("input", "arguments", "output", "context", "error", "control")
    )
    assert HASHED == ("path", "name", "kind", "status", "generation", "optional")
    assert JOURNAL_FORMAT == 2


@pytest.mark.parametrize(
    ("table", "record"),
    [
        (STEPS, StepRecord("/a", "a", "set", started_at=timezone.now(), input={"b": 1, "a": None})),
        (
            ATTEMPTS,
            AttemptRecord(uuid7(), 1, "failed", timezone.now(), timezone.now(), rule="x" * 300),
        ),
        (EVENTS, EventRecord("WORKFLOW_STARTED", {"z": 1, "a": None})),
    ],
)
def test_a_row_has_a_value_for_each_column(table, record):
    given = tuple(name for name in table.columns if not hasattr(record, name))
    row = dict(zip(table.columns, table.row(record, given), strict=True))
    assert all(row[name] == name for name in given)
    if table is ATTEMPTS:
        assert row["rule"] == "x" * 100
    if table is EVENTS:
        assert row["payload"] == '{"z":1,"a":null}'


@pytest.mark.parametrize("microsecond", [0, 678_900])
def test_a_moment_is_written_as_django_writes_it(microsecond):
    moment = datetime(2026, 1, 2, 3, 4, 5, microsecond, tzinfo=UTC)
    east = moment.astimezone(zone(timedelta(hours=2)))
    if connection.vendor == "postgresql":
        assert adapt(moment) is moment
    else:
        written = connection.ops.adapt_datetimefield_value(moment)
        assert adapt(moment) == adapt(east) == written


def test_a_status_of_another_version_is_read_as_it_stands():
    record = StepRecord("/a", "a", "set")
    row = {name: getattr(record, name) for name in RECORD_FIELDS}
    assert record_of(row.values()).status is StepStatus.RUNNING
    assert record_of((row | {"status": "FROZEN"}).values()).status == "FROZEN"
