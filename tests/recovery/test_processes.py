"""Who died: what a heartbeat that is too old means depends on whether anybody could have beaten."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from executions.models import Process
from executions.recovery.processes import Watch, declare_the_dead

pytestmark = [pytest.mark.database, pytest.mark.django_db]


@pytest.fixture
def stale(settings) -> Process:
    """On another host, and not heard of for a minute."""
    settings.STIGMER_HEARTBEAT_SECONDS = 0.0
    return Process.objects.create(kind="worker", host="elsewhere", pid=1, heartbeat_at=Now() - timedelta(minutes=1))


def test_who_does_not_beat_before_the_eyes_of_a_sweeper_is_declared_dead(stale):
    watch = Watch()
    assert declare_the_dead(watch) == []
    assert declare_the_dead(watch) == [stale]
    assert declare_the_dead(watch) == []


def test_who_beats_after_the_sweeper_began_to_look_lives_on(stale):
    watch = Watch()
    declare_the_dead(watch)
    stale.beat()
    assert declare_the_dead(watch) == []
    assert not Process.objects.get(pk=stale.pk).dead_at


def test_a_heartbeat_that_is_old_after_a_jump_of_the_clock_is_given_the_chance_to_beat(stale, settings):
    settings.STIGMER_HEARTBEAT_SECONDS = 3600.0
    watch = Watch()
    assert declare_the_dead(watch) == declare_the_dead(watch) == []


def test_after_trouble_of_the_database_everybody_gets_the_chance_to_beat(stale):
    watch = Watch()
    declare_the_dead(watch)
    watch.forget()
    assert declare_the_dead(watch) == []
