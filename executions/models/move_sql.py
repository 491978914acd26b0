"""The statements of a move, the only raw SQL of the project.

On PostgreSQL a step boundary is one statement (an UPDATE whose RETURNING feeds the INSERTs): one
round trip and one transaction. On SQLite, and for the rare moves that supersede or notify, the same
statements run one after the other in one transaction, the conditional UPDATE first.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from django.db import connection

from executions.ids import uuid7
from executions.journal.records import StepRecord
from executions.models import claiming
from executions.models.move import Applied, Claim, Guard, Lease, Move, Woken
from executions.models.prepared import (
    AMONG,
    MOST_TEXTS,
    keys_as_one,
    prepared_rows,
    statement_cursor,
)
from executions.models.reading import Reader
from executions.models.rows import ATTEMPTS, EVENTS, STEPS, adapt
from executions.states import ENDED_PHASES
from executions.vendor import vendor

if TYPE_CHECKING:
    from executions.models.execution import Execution

Row = Sequence[Any]

MOST_IN_A_LIST = 5_000
# Not `IS NOT NULL`: SQLite 3.40 answers that wrongly in RETURNING where the primary key is a text.
RETURNED = "head_seq, inbox, token, " + ", ".join(
    f"COALESCE(CAST({name}_at AS text), '') <> '' AS {name}"
    for name in ("cancel_asked", "pause_asked")
)
_SAID = "head_seq, inbox, token, cancel_asked, pause_asked"
SAID = 5
# Of a claim, and known by the claim itself: a worker that heard of it a moment later would drive
# beside others what ends its process.
_QUARANTINED = (
    "EXISTS (SELECT 1 FROM executions_quarantine AS q WHERE q.version_id ="
    " executions_execution.version_id AND q.until_at > %s) AS quarantined"
)
# Of what ends: the run that waits for this end. It is woken in the same statement, or transaction;
# a child is locked before its parent everywhere.
_ENDED = f"{RETURNED}, CASE WHEN is_awaited THEN parent_id END AS waits, queue, owner_id"
_WAKE = (
    "inbox = p.inbox + 1, rung_at = NULL, wake_at = CASE WHEN p.phase = 'WAITING' THEN {at} ELSE"
    " p.wake_at END"
)
_ON_CONFLICT = "ON CONFLICT (id) DO UPDATE SET " + ", ".join(
    f"{column} = excluded.{column}"
    for column in (*STEPS.columns, "seq", "changed_seq")
    if column != "id"
)


def in_sequence(move: Move) -> Applied | None:
    """The move as separate statements; the caller holds a transaction."""
    with connection.cursor() as cursor:
        sql, parameters = _guarded_update(move)
        cursor.execute(sql, parameters)
        row = cursor.fetchone()
        if row is None:
            return None
        applied = _applied(row)
        if move.supersede:
            superseded, decision = move.supersede
            _insert_steps(cursor, move, applied.head_seq, only=decision)
            _set_superseded(cursor, superseded, decision, applied.head_seq)
            # Steps that an earlier decision had superseded stand again; their stand-ins of now are
            # superseded already.
            _set_superseded(cursor, move.reinstate, None, applied.head_seq)
            _insert_steps(cursor, move, applied.head_seq, but=decision)
        else:
            _insert_steps(cursor, move, applied.head_seq)
        _insert(cursor, ATTEMPTS.name, ATTEMPTS.columns, _attempt_rows(move))
        _insert_events(cursor, move, applied.head_seq)
        if applied.woken is not None:
            cursor.execute(
                f"UPDATE executions_execution AS p SET {_WAKE.format(at='%s')} WHERE p.id = %s",
                [adapt(move.at), adapt(applied.woken.execution_id)],
            )
    return applied


def _set_superseded(
    cursor: Any, steps: Sequence[uuid.UUID], by: uuid.UUID | None, head_seq: int
) -> None:
    """A restore of a long run takes back tens of thousands of steps, and a statement takes so many
    values.
    """
    for first in range(0, len(steps), MOST_IN_A_LIST):
        part = steps[first : first + MOST_IN_A_LIST]
        marks = ", ".join(["%s"] * len(part))
        cursor.execute(
            "UPDATE executions_step SET superseded_by_id = %s, changed_seq = %s WHERE id IN"
            f" ({marks})",
            [adapt(by), head_seq, *map(adapt, part)],
        )


def in_one_statement(move: Move) -> Applied | None:
    """The move as one PostgreSQL statement."""
    assignments, parameters = _assignments(move)
    where, rest = _where(move.guard)
    parameters += [adapt(move.execution_id), *rest]
    top = move.seqs_needed() - 1
    for index, step in enumerate(move.steps):
        parameters += _step_row(move, step)
        parameters.append(top - index)
    for row in _attempt_rows(move):
        parameters += row
    last = len(move.events) - 1
    for index, row in enumerate(_event_rows(move)):
        parameters += row
        parameters.append(last - index)
    ends = move.phase in ENDED_PHASES
    if ends:
        parameters.append(adapt(move.at))
    counts = (len(move.steps), len(move.attempts), len(move.events))
    rows = prepared_rows(_one_statement(assignments, where, ends, *counts), parameters)
    return _applied(rows[0]) if rows else None


@lru_cache(MOST_TEXTS)
def _one_statement(
    assignments: str, where: str, ends: bool, steps: int, attempts: int, events: int
) -> str:
    """Its text, which is the same for all moves of one shape: what they set, what has to hold, and
    how many rows they write.
    """
    parts = [f"held AS ({_update(assignments, where, ends)})"]
    if steps:
        columns = ", ".join(STEPS.columns)
        values = _marks({**STEPS.columns, "back": "bigint"}, steps)
        picked = ", ".join(f"v.{column}" for column in STEPS.columns)
        parts.append(
            f"steps AS (INSERT INTO executions_step ({columns}, seq, changed_seq) SELECT {picked},"
            " CASE WHEN v.finished_at IS NOT NULL THEN held.head_seq - v.back END, held.head_seq -"
            f" v.back FROM held, (VALUES {values}) AS v({columns}, back) {_ON_CONFLICT})"
        )
    if attempts:
        columns = ", ".join(ATTEMPTS.columns)
        values = _marks(ATTEMPTS.columns, attempts)
        parts.append(
            f"attempts AS (INSERT INTO executions_attempt ({columns}) "
            f"SELECT v.* FROM held, (VALUES {values}) AS v({columns}))"
        )
    if events:
        columns = ", ".join(EVENTS.columns)
        values = _marks({**EVENTS.columns, "back": "bigint"}, events)
        picked = ", ".join(f"v.{column}" for column in EVENTS.columns)
        parts.append(
            f"events AS (INSERT INTO executions_event ({columns}, seq) SELECT {picked},"
            f" held.head_seq - v.back FROM held, (VALUES {values}) AS v({columns}, back))"
        )
    if ends:
        wake = _WAKE.format(at="%s::timestamptz")
        parts.append(
            f"woken AS (UPDATE executions_execution AS p SET {wake} FROM held WHERE p.id ="
            " held.waits)"
        )
    said = f"{_SAID}, waits, queue, owner_id" if ends else _SAID
    return f"WITH {', '.join(parts)} SELECT {said} FROM held"


def claim_all(
    move: Move, execution_ids: Sequence[uuid.UUID], *, waits: bool = False
) -> list[tuple[Applied, Execution]]:
    """The same claim for each of these executions; of those whose guard held, what the row said
    afterwards, and the row itself.

    Rows that somebody else has locked are left out (PostgreSQL), unless the caller ``waits``: so no
    two who claim several can block each other.
    """
    assert isinstance(move.guard, Claim)
    assignments, values = _assignments(move)
    where, rest = _where(move.guard)
    parameters = [*values, keys_as_one(execution_ids), *rest, adapt(move.at)]
    with statement_cursor() as cursor:
        cursor.execute(_claim(assignments, where, waits), parameters)
        rows = cursor.fetchall()
    return [_claimed(row) for row in rows]


def _claimed(row: Row) -> tuple[Applied, Execution]:
    applied = replace(_applied(row[:SAID]), is_quarantined=bool(row[SAID]))
    return applied, _executions().instance(row[SAID + 1 :])


@lru_cache(MOST_TEXTS)
def _claim(assignments: str, where: str, waits: bool) -> str:
    chosen = f"id {AMONG[vendor()]} AND {where}"
    if vendor() == "postgresql" and not waits:
        chosen = (
            f"id IN (SELECT id FROM executions_execution WHERE {chosen} FOR UPDATE SKIP LOCKED)"
        )
    return (
        f"UPDATE executions_execution SET {assignments} WHERE {chosen} RETURNING {RETURNED},"
        f" {_QUARANTINED}, {_executions().columns}"
    )


@cache
def _executions() -> Reader[Execution]:
    from executions.models.execution import Execution

    return Reader(Execution)


def _guarded_update(move: Move) -> tuple[str, list[Any]]:
    assignments, values = _assignments(move)
    where, rest = _where(move.guard)
    parameters = [*values, adapt(move.execution_id), *rest]
    return _update(assignments, where, move.phase in ENDED_PHASES), parameters


@lru_cache(MOST_TEXTS)
def _update(assignments: str, where: str, ends: bool) -> str:
    returned = _ENDED if ends else RETURNED
    return (
        f"UPDATE executions_execution SET {assignments} WHERE id = %s AND {where} RETURNING"
        f" {returned}"
    )


def _assignments(move: Move) -> tuple[str, list[Any]]:
    columns = dict(move.columns)
    if move.phase is not None:
        columns["phase"] = str(move.phase)
    values = map(adapt, (*columns.values(), *move.if_null.values()))
    text = _assigned(
        tuple(columns), tuple(move.if_null), move.increments, tuple(move.copies.items())
    )
    return text, [move.seqs_needed(), *values]


@lru_cache(MOST_TEXTS)
def _assigned(
    columns: tuple[str, ...],
    if_null: tuple[str, ...],
    increments: tuple[str, ...],
    copies: tuple[tuple[str, str], ...],
) -> str:
    assignments = ["head_seq = head_seq + %s", *(f"{column} = %s" for column in columns)]
    assignments += [f"{column} = COALESCE({column}, %s)" for column in if_null]
    assignments += [f"{column} = {column} + 1" for column in increments]
    assignments += [f"{column} = {other}" for column, other in copies]
    return ", ".join(assignments)


def _where(guard: Guard) -> tuple[str, list[Any]]:
    """The conditions beside the id."""
    parameters: list[Any]
    if isinstance(guard, Lease):
        # The phase stands beside the token so that a driver whose execution was moved on writes
        # nothing.
        where = "token = %s AND phase = 'IN_PROGRESS'"
        parameters = [guard.token]
        if guard.inbox is not None:
            where += " AND inbox = %s"
            parameters.append(guard.inbox)
    elif isinstance(guard, Claim):
        where, parameters = claiming.where(guard)
    else:
        where = f"phase IN ({', '.join(['%s'] * len(guard.phases))})"
        parameters = [str(phase) for phase in guard.phases]
        if guard.seq is not None:
            where += " AND head_seq = %s"
            parameters.append(guard.seq)
    return where, parameters


def _applied(row: Row) -> Applied:
    head_seq, inbox, token, cancel_asked, pause_asked, *ended = row
    woken = Woken(_key(ended[0]), *ended[1:]) if ended and ended[0] else None
    return Applied(head_seq, inbox, token, bool(cancel_asked), bool(pause_asked), woken)


def _key(value: Any) -> uuid.UUID:
    return value if isinstance(value, uuid.UUID) else uuid.UUID(value)


def _offsets(move: Move) -> dict[uuid.UUID, int]:
    """How far below the new head each step of this move stands: each change has a sequence of its
    own.
    """
    top = len(move.steps) + len(move.events) - 1
    return {step.id: top - index for index, step in enumerate(move.steps)}


def _insert_steps(
    cursor: Any,
    move: Move,
    head_seq: int,
    *,
    only: uuid.UUID | None = None,
    but: uuid.UUID | None = None,
) -> None:
    offsets = _offsets(move)
    rows = []
    for step in move.steps:
        if (only is not None and step.id != only) or (but is not None and step.id == but):
            continue
        changed = head_seq - offsets[step.id]
        rows.append(
            (*_step_row(move, step), None if step.finished_at is None else changed, changed)
        )
    columns = {**STEPS.columns, "seq": "bigint", "changed_seq": "bigint"}
    _insert(cursor, STEPS.name, columns, rows, _ON_CONFLICT)


def _insert_events(cursor: Any, move: Move, head_seq: int) -> None:
    last = len(move.events) - 1
    rows = [(*row, head_seq - (last - index)) for index, row in enumerate(_event_rows(move))]
    _insert(cursor, EVENTS.name, {**EVENTS.columns, "seq": "bigint"}, rows)
    for index, event in enumerate(move.events):
        if event.notify_owner:
            cursor.execute(
                "INSERT INTO executions_notification (id, user_id, event_id, created_at) "
                "SELECT %s, %s, id, %s FROM executions_event WHERE execution_id = %s AND seq = %s",
                [
                    adapt(uuid7()),
                    move.owner_id,
                    adapt(move.at),
                    adapt(move.execution_id),
                    rows[index][-1],
                ],
            )


def _insert(
    cursor: Any, table: str, columns: dict[str, str], rows: Sequence[Row], tail: str = ""
) -> None:
    if not rows:
        return
    values = _marks(columns, len(rows))
    cursor.execute(
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES {values} {tail}",
        [value for row in rows for value in row],
    )


def _marks(columns: dict[str, str], rows: int) -> str:
    """The placeholders of so many rows."""
    if vendor() == "postgresql":
        one = "(" + ", ".join(f"%s::{type_}" for type_ in columns.values()) + ")"
    else:
        one = "(" + ", ".join(["%s"] * len(columns)) + ")"
    return ", ".join([one] * rows)


def _step_row(move: Move, step: StepRecord) -> Row:
    return STEPS.row(step, (move.execution_id,), step.as_texts().values())


def _attempt_rows(move: Move) -> list[Row]:
    return [
        ATTEMPTS.row(attempt, (move.process_id, move.correlation_id)) for attempt in move.attempts
    ]


def _event_rows(move: Move) -> list[Row]:
    # Only what somebody has to be told waits to be sent.
    return [
        EVENTS.row(event, (move.execution_id, move.at, None if event.notify_owner else move.at))
        for event in move.events
    ]
