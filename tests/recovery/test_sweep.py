"""What the sweep looks after: who died, what was left, what is lost, who was not told, and whose
turn it is.
"""

from __future__ import annotations

import os
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from executions import nudges
from executions.driving.lease import claim
from executions.intake.apply import apply_definition
from executions.intake.start import start
from executions.journal.events import EventName
from executions.models import AuditEntry, Event, Execution, Process, Turn
from executions.recovery.outbox import send_what_is_unsent
from executions.recovery.rings import ring_for_due, ring_for_orphans
from executions.recovery.violations import repair_the_lost
from executions.worker_identity import exit_of, expect_exits, note_exit

pytestmark = [pytest.mark.database, pytest.mark.django_db]
TEXT = (
    "document: {dsl: '1.0.0', namespace: t, name: one, version: '1.0.0'}\ndo: [{a: {set: {n:"
    " 1}}}]\n"
)


@pytest.fixture
def process() -> Process:
    return Process.objects.create(kind="worker", host="elsewhere", pid=1)


def begun(owner: str = "alice") -> Execution:
    user, _ = User.objects.get_or_create(username=owner)
    workflow = apply_definition(TEXT, User.objects.order_by("pk")[0]).workflow
    execution = start(workflow, user, input={})
    Execution.objects.filter(pk=execution.pk).update(wake_at=timezone.now() - timedelta(minutes=1))
    return execution


def test_owners_are_rung_for_in_turn(bells: list[uuid.UUID]) -> None:
    many = [begun("alice") for _ in range(3)]
    one = begun("bob")
    assert ring_for_due(2) == 2
    assert set(bells) == {many[0].pk, one.pk}


def test_a_ring_of_a_time_to_come_was_by_a_clock_that_was_set_back(bells: list[uuid.UUID]) -> None:
    execution = begun()
    Execution.objects.filter(pk=execution.pk).update(rung_at=timezone.now() + timedelta(hours=1))
    assert (ring_for_due(5), ring_for_due(5)) == (1, 0)
    assert bells == [execution.pk]


def test_what_dead_processes_left_is_rung_for_once(
    bells: list[uuid.UUID], process: Process
) -> None:
    execution = begun()
    claim(execution.pk, process.pk)
    assert ring_for_orphans(5) == 0
    process.declare_dead("killed")
    assert (ring_for_orphans(5), ring_for_orphans(5)) == (1, 0)
    assert process.held_at_death == 1


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"phase": "WAITING", "wake_at": None, "waiting_for": "timer"}, "nothing would wake it"),
        ({"phase": "WAITING", "wake_at": None, "waiting_for": "decision"}, "nobody was asked"),
        ({"wake_at": timezone.now() + timedelta(days=9)}, "still to come"),
    ],
)
def test_what_is_lost_is_woken_and_reported(columns: dict[str, Any], why: str) -> None:
    execution = begun()
    Execution.objects.filter(pk=execution.pk).update(**columns)
    assert (repair_the_lost(), repair_the_lost()) == (1, 0)
    assert Execution.objects.due().get() == execution
    assert why in Event.objects.get(name=EventName.FOUND_LOST).payload["why"]
    assert AuditEntry.objects.get(verb="repair").actor_name == "system"


def test_what_is_well_is_left_alone(process: Process) -> None:
    claim(begun().pk, process.pk)
    begun()
    assert repair_the_lost() == 0


def test_what_nobody_was_told_is_announced_once_more() -> None:
    execution = begun()
    Event.objects.create(
        execution=execution, seq=99, name="X", created_at=timezone.now() - timedelta(minutes=1)
    )
    told: list[dict[str, object]] = []
    nudges.use_publisher(told.append)
    try:
        assert (send_what_is_unsent(), send_what_is_unsent()) == (1, 0)
    finally:
        nudges.use_publisher(None)
    assert told[0]["seq"] == 99


def test_only_one_has_the_turn_until_it_is_done_or_dies(process: Process) -> None:
    other = Process.objects.create(kind="worker", host="elsewhere", pid=2)
    assert Turn.take("sweep", process.pk, 60)
    assert not Turn.take("sweep", other.pk, 60)
    Turn.done("sweep", process.pk)
    assert Turn.take("sweep", other.pk, 60)
    other.declare_dead("killed")
    assert Turn.take("sweep", process.pk, 60)


def test_so_soon_after_it_was_done_nobody_takes_the_turn_again(process: Process) -> None:
    other = Process.objects.create(kind="worker", host="elsewhere", pid=2)
    assert Turn.take("sweep", process.pk, 60, rest=600)
    Turn.done("sweep", process.pk)
    assert not Turn.take("sweep", other.pk, 60, rest=600)
    Turn.objects.update(done_at=timezone.now() - timedelta(seconds=601))
    assert Turn.take("sweep", other.pk, 60, rest=600)


def test_the_supervisor_leaves_word_of_how_a_child_ended(tmp_path: Path) -> None:
    assert exit_of(tmp_path, os.getpid()) == ""
    expect_exits(tmp_path)
    note_exit(tmp_path, os.getpid(), "killed by SIGKILL")
    assert exit_of(tmp_path, os.getpid()) == "killed by SIGKILL"


def test_a_bell_that_was_rung_before_somebody_died_is_rung_again(
    bells: list[uuid.UUID], process: Process
) -> None:
    execution = begun()
    assert (ring_for_due(5), ring_for_due(5)) == (1, 0), "it may still be on its way"
    Execution.objects.filter(pk=execution.pk).update(rung_at=timezone.now() - timedelta(seconds=1))
    process.declare_dead("killed by SIGKILL")
    assert ring_for_due(5) == 1
