"""What waits for a worker, in which order it is found, and that a batch is taken once."""

from __future__ import annotations

import threading
import uuid
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from executions import clock
from executions.driving.attempts.running import Running
from executions.driving.lease import claim, claim_many
from executions.driving.store import Here
from executions.intake.apply import apply_definition
from executions.intake.start import start
from executions.journal.records import JOURNAL_FORMAT
from executions.models import Execution, Process
from executions.recovery.rings import to_be_driven_alone
from executions.recovery.waiting import due, left_behind, next_moment
from executions.states import Phase
from tests.drives import drive_once

pytestmark = [pytest.mark.database, pytest.mark.django_db]
HEAD = "document: {dsl: '1.0.0', namespace: t, name: one, version: '1.0.0'}\n"
TEXT = HEAD + "do: [{a: {set: {n: 1}}}]\n"


@pytest.fixture
def process() -> Process:
    return Process.objects.create(kind="worker", host="elsewhere", pid=1)


def begun(owner: str = "alice", text: str = TEXT, queue: str = "default") -> Execution:
    user, _ = User.objects.get_or_create(username=owner)
    workflow = apply_definition(text, User.objects.order_by("pk")[0]).workflow
    return start(workflow, user, input={}, queue=queue)


def parked(execution: Execution) -> Phase:
    """Drive it by another process as far as it goes."""
    driver = Process.objects.create(kind="worker", host="elsewhere", pid=3)
    drive_once(execution.pk, process_id=driver.pk, store=Here(), running=Running())
    return Phase(Execution.objects.get(pk=execution.pk).phase)


def ids(found) -> list[uuid.UUID]:
    return [each.execution_id for each in found]


def test_owners_come_in_turn_and_of_one_turn_the_better_queue_first():
    many = [begun("alice") for _ in range(3)]
    low, high = begun("bob", queue="low"), begun("carol", queue="high")
    assert ids(due(10, uuid.uuid4())) == [high.pk, many[0].pk, low.pk, many[1].pk, many[2].pk]
    assert ids(due(2, uuid.uuid4())) == [high.pk, many[0].pk]


def test_what_is_to_be_driven_alone_is_not_taken_beside_others_and_given_to_one_worker_only():
    alone = begun()
    Execution.objects.filter(pk=alone.pk).update(alone=True)
    assert due(10, uuid.uuid4()) == []
    assert to_be_driven_alone(0) == []
    assert [each.pk for each in to_be_driven_alone(5)] == [alone.pk]
    assert to_be_driven_alone(5) == []


def test_what_a_newer_stigmer_began_does_not_stand_before_what_can_be_taken():
    newer, older = begun(), begun()
    Execution.objects.filter(pk=newer.pk).update(journal_format=JOURNAL_FORMAT + 1)
    assert ids(due(1, uuid.uuid4())) == [older.pk]


def test_what_the_dead_left_is_found_once_its_bell_had_the_time_to_be_heard(process):
    execution = begun()
    claim(execution.pk, process.pk)
    assert left_behind(10) == []
    process.declare_dead("killed")
    assert left_behind(10) == []
    Process.objects.filter(pk=process.pk).update(dead_at=timezone.now() - timedelta(seconds=3))
    assert ids(left_behind(10)) == [execution.pk]
    assert left_behind(0) == []


def test_the_next_moment_is_that_of_the_next_timer_if_it_is_near():
    assert next_moment(10) is None
    for seconds in (30, 5, 8):
        execution = begun()
        at = clock.now() + timedelta(seconds=seconds)
        Execution.objects.filter(pk=execution.pk).update(phase=Phase.WAITING, wake_at=at)
    assert next_moment(1) is None
    found = next_moment(10)
    assert found is not None and timedelta(0) < found - clock.now() < timedelta(seconds=6)


def test_a_batch_takes_what_is_due_and_nothing_else(process):
    first, second, held = begun(), begun(), begun()
    asleep = begun(text=HEAD + "do: [{a: {wait: {hours: 1}}}]\n")
    assert parked(asleep) == Phase.WAITING
    other = Process.objects.create(kind="worker", host="elsewhere", pid=2)
    claim(held.pk, other.pk)
    wanted = [second.pk, asleep.pk, held.pk, first.pk, uuid.uuid4()]
    taken = claim_many(wanted, process.pk)
    assert [(each.execution.pk, each.token, each.first_time) for each in taken] == [
        (second.pk, 1, True),
        (first.pk, 1, True),
    ]
    assert Execution.objects.filter(process=process, phase=Phase.IN_PROGRESS).count() == 2
    assert claim_many(wanted, process.pk) == []
    assert claim_many([], process.pk) == []


def test_a_batch_comes_with_what_each_has_recorded(process):
    asleep = [
        begun(text=HEAD + "do: [{a: {set: {n: 1}}}, {b: {wait: {hours: 1}}}]\n") for _ in range(2)
    ]
    for each in asleep:
        assert parked(each) == Phase.WAITING
    Execution.objects.update(wake_at=timezone.now() - timedelta(minutes=1))
    taken = claim_many([each.pk for each in asleep], process.pk)
    assert [[record.path for record in each.records] for each in taken] == [["/a", "/b"]] * 2
    assert not any(each.first_time for each in taken)


def test_a_process_that_was_declared_dead_takes_no_batch(process):
    execution = begun()
    process.declare_dead("killed")
    assert claim_many([execution.pk], process.pk) == []


@pytest.mark.django_db(transaction=True)
def test_two_workers_that_take_at_one_moment_take_different_ones():
    processes = [Process.objects.create(kind="worker", host="elsewhere", pid=pid) for pid in (1, 2)]
    wanted = [begun().pk for _ in range(40)]
    together = threading.Barrier(2)
    taken: dict[int, list[uuid.UUID]] = {}

    def take(process: Process) -> None:
        together.wait(30)
        taken[process.pid] = [each.execution.pk for each in claim_many(wanted, process.pk)]
        connection.close()

    threads = [threading.Thread(target=take, args=(process,)) for process in processes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(taken[1] + taken[2]) == sorted(wanted)
    for process in processes:
        assert set(process.executions.values_list("pk", flat=True)) == set(taken[process.pid])
