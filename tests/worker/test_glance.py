"""One look for all threads of a worker: whoever may be concerned looks itself."""

from __future__ import annotations

import time
import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from executions.models import Execution, Process
from executions.states import Phase
from executions.worker import glance
from executions.worker.glance import Glance

pytestmark = [pytest.mark.database, pytest.mark.django_db]
EVERYTHING = [
    glance.DUE,
    glance.LEFT,
    *glance.ALONE,
    glance.EVENTS,
    glance.BULK,
    glance.CHANNELS,
    glance.WORKSPACES,
    *glance.SCHEDULES,
    glance.DRAINED,
]


def test_before_the_first_look_everybody_looks() -> None:
    assert all(Glance(uuid.uuid4()).may_be(name) for name in EVERYTHING)


def test_in_an_empty_system_nobody_is_concerned() -> None:
    found = Glance(uuid.uuid4())
    seen = found.take()
    assert seen.there == frozenset() and seen.moment is None
    assert not found.may_be(*EVERYTHING)


def test_answers_of_long_ago_are_worth_nothing(monkeypatch) -> None:
    found = Glance(uuid.uuid4())
    seen = found.take()
    found._seen = replace(seen, at=time.monotonic() - glance.LASTS_SECONDS - 1)
    assert found.may_be(glance.BULK)


def test_what_is_due_and_the_next_timer_are_seen(begin) -> None:
    found = Glance(uuid.uuid4())
    first, second = begin("do: [{a: {set: {n: 1}}}]"), begin("do: [{a: {set: {n: 1}}}]")
    assert found.take().there == {glance.DUE}
    soon = timezone.now() + timedelta(seconds=0.9)
    for execution, at in ((first, soon), (second, soon + timedelta(hours=1))):
        Execution.objects.filter(pk=execution.pk).update(
            phase=Phase.WAITING, wake_at=at, waiting_for="timer"
        )
    seen = found.take()
    expected = Execution.objects.values_list("wake_at", flat=True).get(pk=first.pk)
    # On a slow machine it may be due by now.
    assert (seen.moment, glance.DUE in seen.there) in ((expected, False), (None, True))


def test_a_worker_sees_that_it_was_drained_itself() -> None:
    mine = Process.objects.create(kind="worker", host="here", pid=1)
    other = Process.objects.create(kind="worker", host="here", pid=2, drained_at=timezone.now())
    assert glance.DRAINED not in Glance(mine.pk).take().there
    assert glance.DRAINED in Glance(other.pk).take().there
