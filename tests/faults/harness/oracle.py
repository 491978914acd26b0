"""The one oracle: after everything is quiet, do the invariants hold for this execution?

Runs in a child of the rig.

I1 no loss, I2 single history, I3 no fork, I4 effects, I5 gapless and whole, I8 secrecy. A violation
is one sentence.
"""

from __future__ import annotations

import json
import urllib.request
import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any

from tests.faults.harness import agents
from tests.faults.harness.agents import AgentShape
from tests.faults.harness.shapes import CANARY, Shape


def load() -> None:
    """Import in the parent what the children use."""
    from executions import models
    from executions.driving import chain

    _ = models, chain


def judge(execution_id: str, shape: Shape, ledger_url: str, *, kills: int) -> list[str]:
    """Every violation that is found.

    ``kills`` is how often a process was ended, stalled or cut off from its database while it may
    have been inside a call.
    """
    from executions.models import Execution

    execution = Execution.objects.get(pk=execution_id)
    others = Execution.objects.filter(parent=execution).order_by("id")
    children = [] if isinstance(shape, AgentShape) else list(others)
    runs = [execution, *children]
    entries = [entry for run in runs for entry in effects_of(run.public_id, ledger_url)]
    return [
        *_ended_well(execution, shape),
        *_children(children, shape),
        *_single_history(execution),
        *_no_fork(execution),
        *_effects(entries, shape, kills),
        *(agents.unpaid(execution, shape) if isinstance(shape, AgentShape) else ()),
        *_enrolments(execution, shape),
        *_numbered_once(execution),
        *_secrecy(execution),
    ]


def judge_history(execution_id: str) -> list[str]:
    """What holds for an execution wherever it stands."""
    from executions.models import Execution

    execution = Execution.objects.get(pk=execution_id)
    return [
        *_single_history(execution),
        *_no_fork(execution),
        *_numbered_once(execution),
        *_secrecy(execution),
    ]


def takeovers(execution_id: str) -> int:
    """How often it was taken out of the hands of a process that had died."""
    from executions.models import Execution

    history = _history(Execution.objects.get(pk=execution_id))
    return sum(
        old == new == "IN_PROGRESS" and new_token > old_token
        for old, new, old_token, new_token, *_ in history
    )


def effects_of(public_id: str, ledger_url: str) -> list[dict[str, Any]]:
    with urllib.request.urlopen(
        f"{ledger_url}/entries?contains={public_id}", timeout=10
    ) as response:
        found: list[dict[str, Any]] = json.load(response)
        return found


def _ended_well(execution: Any, shape: Shape) -> Iterator[str]:
    if execution.phase != "COMPLETED":
        yield f"I1: it is {execution.phase} ({execution.failure_reason or execution.waiting_for})"
    elif shape.seen(execution.output) != shape.output:
        yield f"I1: its output is {execution.output}, not {shape.output}"
    if execution.phase == "COMPLETED" and (
        execution.process_id or execution.wake_at or execution.waiting_for
    ):
        yield "I1: it has ended, and is still held or due"


def _children(children: list[Any], shape: Shape) -> Iterator[str]:
    if len(children) != shape.children:
        yield f"I1: it started {len(children)} runs, not {shape.children}"
    for child in children:
        if child.phase != "COMPLETED":
            yield f"I1: its child is {child.phase} ({child.failure_reason or child.waiting_for})"
        yield from (f"its child: {violation}" for violation in judge_history(str(child.pk)))


def _history(execution: Any) -> list[tuple[str, str, int, int, int, int]]:
    from django.db import connection

    key = execution.pk if connection.vendor == "postgresql" else execution.pk.hex
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT old_phase, new_phase, old_token, new_token, old_seq, new_seq FROM"
            " faults_history WHERE execution_id = %s ORDER BY id",
            [key],
        )
        return list(cursor.fetchall())


def _single_history(execution: Any) -> Iterator[str]:
    from executions.states import MOVES, Phase

    phase, token, seq = "PENDING", 0, None
    for old_phase, new_phase, old_token, new_token, old_seq, new_seq in _history(execution):
        if old_phase != phase or old_token != token or (seq is not None and old_seq != seq):
            yield (
                f"I2: its row was {phase}/{token}/{seq} and then {old_phase}/{old_token}/{old_seq}"
            )
        if new_phase != old_phase and Phase(new_phase) not in MOVES[Phase(old_phase)]:
            yield f"I2: it went from {old_phase} to {new_phase}"
        if old_phase in ("COMPLETED", "TERMINATED") and (new_phase, new_seq) != (
            old_phase,
            old_seq,
        ):
            yield f"I2: it was {old_phase} and was written again"
        if new_token < old_token or new_seq < old_seq:
            yield (
                f"I2: its token went from {old_token} to {new_token}, its seq from {old_seq} to"
                f" {new_seq}"
            )
        phase, token, seq = new_phase, new_token, new_seq


def _no_fork(execution: Any) -> Iterator[str]:
    from django.db import connection

    from executions.models import Attempt, Step

    steps = list(Step.objects.filter(execution=execution))
    standing = Counter(step.path for step in steps if step.superseded_by_id is None)
    yield from (f"I3: {path} stands {count} times" for path, count in standing.items() if count > 1)
    decisions = {step.pk for step in steps if step.is_decision()}
    for step in steps:
        if step.superseded_by_id is not None and step.superseded_by_id not in decisions:
            yield f"I3: {step.path} was superseded without a decision"
        if (
            execution.phase == "COMPLETED"
            and step.superseded_by_id is None
            and step.finished_at is None
        ):
            yield f"I3: it is COMPLETED and {step.path} is {step.status}"
    numbers = Counter(
        Attempt.objects.filter(step__execution=execution).values_list("step", "number")
    )
    yield from (
        f"I3: attempt {number} of a step stands {count} times"
        for number, count in numbers.items()
        if count > 1
    )
    key = execution.pk if connection.vendor == "postgresql" else execution.pk.hex
    with connection.cursor() as cursor:
        cursor.execute("SELECT path, what FROM faults_rewritten WHERE execution_id = %s", [key])
        yield from (f"I3: the finished step {path} was {what}" for path, what in cursor.fetchall())


def _effects(entries: list[dict[str, Any]], shape: Shape, kills: int) -> Iterator[str]:
    keys = Counter(entry["key"] for entry in entries)
    repeated = sum(count - 1 for count in keys.values())
    if repeated > kills * shape.beside + shape.repeats:
        yield f"I4: {repeated} effects were repeated with {kills} interruptions: {dict(keys)}"
    if shape.effects >= 0 and len(keys) != shape.effects:
        yield f"I4: {len(keys)} calls had an effect, not {shape.effects}: {sorted(keys)}"
    if shape.at_most_once:
        yield from (
            f"I4: {key} is at_most_once and had {count}"
            for key, count in keys.items()
            if "/charge" in key and count > 1
        )


def _enrolments(execution: Any, shape: Shape) -> Iterator[str]:
    from django.contrib.auth.models import Group

    if shape.enrolled:
        count = Group.objects.filter(name__contains=execution.public_id).count()
        if count != shape.enrolled:
            yield f"I4: {count} transactional calls stand, not {shape.enrolled}"


def _numbered_once(execution: Any) -> Iterator[str]:
    from executions.driving.chain import verify
    from executions.models import Event, Step

    broken = verify(execution)
    if broken is not None:
        yield f"I5: {broken}"
    # An open step holds the number of its last change until it finishes and is given another one.
    steps = Step.objects.filter(execution=execution).values_list(
        "seq", "superseded_by", "changed_seq"
    )
    numbers = Counter(
        seq or changed for seq, superseded, changed in steps if seq or superseded is None
    )
    numbers.update(Event.objects.filter(execution=execution).values_list("seq", flat=True))
    yield from (
        f"I5: seq {seq} was given {count} times" for seq, count in numbers.items() if count > 1
    )
    if any(seq > execution.head_seq for seq in numbers):
        yield "I5: a number above the head was used"


def _secrecy(execution: Any) -> Iterator[str]:
    from executions.models import Attempt, Event, Execution, Notification, Step

    rows = [
        *Execution.objects.filter(pk=execution.pk).values(),
        *Step.objects.filter(execution=execution).values(),
        *Event.objects.filter(execution=execution).values(),
        *Attempt.objects.filter(step__execution=execution).values(),
        *Notification.objects.filter(event__execution=execution).values(),
    ]
    if CANARY in json.dumps(rows, default=_plain):
        yield "I8: the secret stands in the database"


def _plain(value: object) -> str:
    return value.hex if isinstance(value, uuid.UUID) else str(value)
