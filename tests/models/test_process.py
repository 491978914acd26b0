"""A process's heartbeat: dead is said once and for ever."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from executions.models import Process

pytestmark = [pytest.mark.database, pytest.mark.django_db]


@pytest.fixture
def process() -> Process:
    return Process.objects.create(kind="worker", host="here", pid=1)


def test_it_lives_as_long_as_it_beats(process):
    assert process.beat()
    assert process in Process.objects.living()
    assert process not in Process.objects.silent()


def test_it_is_silent_when_its_last_beat_is_too_old_by_the_clock_of_the_database(process, settings):
    age = timedelta(seconds=settings.STIGMER_PROCESS_SILENCE_SECONDS + 1)
    Process.objects.update(heartbeat_at=Now() - age)
    assert process not in Process.objects.living()
    assert process in Process.objects.silent()
    assert process.beat()
    assert process in Process.objects.living()


def test_one_caller_declares_it_dead_and_it_cannot_beat_again(process):
    assert process.declare_dead("x" * 500)
    assert not process.declare_dead("again")
    assert not process.beat()
    process.refresh_from_db()
    assert process.death == "x" * 200
    assert process not in Process.objects.living()
    assert process not in Process.objects.silent()
