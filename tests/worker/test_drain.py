"""Real workers that are drained: they take nothing new and finish what they drive."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db.models import QuerySet

from executions.models import Attempt, Execution, Process
from executions.recovery import draining
from executions.states import Phase
from tests.driving.texts import call, get, tasks
from tests.waiting import until

pytestmark = [pytest.mark.database, pytest.mark.processes]
DRAINED, RESUMED = "drained: it takes nothing new", "resumed: it takes work again"


@pytest.fixture
def admin(transactional_db: None) -> User:
    return User.objects.create_superuser("root")


def drain(pid: int, admin: User, log: Path) -> Process:
    worker = Process.objects.get(pid=pid, dead_at=None)
    seen = log.read_text().count(DRAINED)
    draining.drain(worker.pk, admin)
    until(lambda: log.read_text().count(DRAINED) > seen, what="the worker has noticed")
    return worker


def looks_twice(worker: Process) -> None:
    """It looks at what is due once a second, and beats more often than that."""
    since = Process.objects.get(pk=worker.pk).heartbeat_at
    later = Process.objects.filter(pk=worker.pk, heartbeat_at__gt=since + timedelta(seconds=2))
    until(later.exists, what="it had two more looks")


def due() -> QuerySet[Execution]:
    return Execution.objects.filter(phase=Phase.PENDING, process=None)


def test_a_drained_worker_finishes_what_it_drives_and_takes_nothing_new(
    worker, begin, ends, gated, admin, log
):
    first = worker()
    driven = begin(tasks(a=get(f"{gated.url}/gated"), b="{set: {n: 2}}"), name="driven")
    until(lambda: gated.inside == 1, what="the call is under way")
    drained = drain(first.pid, admin, log)
    waits = begin("do: [{a: {set: {n: 1}}}]", name="waits")
    gated.gate.set()
    assert ends(driven).output == {"n": 2}
    looks_twice(drained)
    assert due().get() == waits
    assert first.poll() is None
    second = worker()
    assert ends(waits).output == {"n": 1}
    takes = Process.objects.get(pid=second.pid, dead_at=None)
    assert takes.drained_at is None


def test_a_worker_that_is_resumed_takes_what_waited(worker, begin, ends, admin, log):
    first = worker()
    drained = drain(first.pid, admin, log)
    waiting = [begin("do: [{a: {set: {n: 1}}}]", name=f"w{number}") for number in range(3)]
    assert due().count() == 3
    draining.resume(drained.pk, admin)
    for execution in waiting:
        assert ends(execution).output == {"n": 1}
    assert RESUMED in log.read_text()


def test_a_drained_worker_that_is_killed_is_healed_as_any_other(
    worker, begin, ends, gated, admin, log
):
    first = worker()
    execution = begin(tasks(a=get(f"{gated.url}/gated"), b="{set: {n: 2}}"))
    until(lambda: gated.inside == 1, what="the call is under way")
    drained = drain(first.pid, admin, log)
    first.kill()
    first.wait()
    worker()
    until(lambda: len(gated.seen) == 2, what="another worker calls again")
    gated.gate.set()
    assert ends(execution).output == {"n": 2}
    outcomes = Attempt.objects.order_by("number").values_list("outcome", flat=True)
    assert list(outcomes) == ["lost", "succeeded"]
    assert Process.objects.get(pk=drained.pk).dead_at is not None


def test_what_has_to_be_driven_alone_waits_for_a_worker_that_takes_work(
    worker, begin, ends, admin, log, tmp_path
):
    execution = begin(tasks(a=call("note", ledger=str(tmp_path / "book"), line="a")))
    first = worker()
    ends(execution)
    drain(first.pid, admin, log)
    alone = begin(tasks(a=call("note", ledger=str(tmp_path / "book"), line="b")))
    Execution.objects.filter(pk=alone.pk).update(alone=True)
    drained = Process.objects.get(pid=first.pid)
    looks_twice(drained)
    assert due().filter(pk=alone.pk).exists()
    draining.resume(drained.pk, admin)
    ends(alone)
    assert Process.objects.filter(kind="alone").exists()
