"""Who died: what a heartbeat that is too old means depends on whether anybody could have beaten."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from executions.models import Process, Turn
from executions.recovery.processes import Watch, declare_the_dead, is_gone
from executions.worker_identity import here
from tests.settings import TEST_DATABASE
from tests.troubles import locked

pytestmark = [pytest.mark.database, pytest.mark.django_db]


@pytest.fixture
def stale(settings) -> Process:
    """On another host, and not heard of for a minute."""
    settings.STIGMER_HEARTBEAT_SECONDS = 0.0
    return Process.objects.create(
        kind="worker", host="elsewhere", pid=1, heartbeat_at=Now() - timedelta(minutes=1)
    )


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


def test_a_heartbeat_that_is_old_after_a_jump_of_the_clock_is_given_the_chance_to_beat(
    stale, settings
):
    settings.STIGMER_HEARTBEAT_SECONDS = 3600.0
    watch = Watch()
    assert declare_the_dead(watch) == declare_the_dead(watch) == []


def test_after_trouble_of_the_database_everybody_gets_the_chance_to_beat(stale):
    watch = Watch()
    declare_the_dead(watch)
    watch.forget()
    assert declare_the_dead(watch) == []


def of_this_host(**identity: str) -> Process:
    """A process of this host's name whose pid nobody has."""
    system = {
        name: getattr(here(), name) for name in ("host", "boot_id", "pid_namespace")
    } | identity
    return Process.objects.create(kind="worker", pid=2**22 + 1, process_started="1", **system)


def test_whose_pid_is_gone_from_this_system_is_dead():
    assert is_gone(of_this_host())
    assert [process.death for process in declare_the_dead(Watch())] == ["its process is gone"]


def test_a_pid_of_another_namespace_means_nothing_here_though_the_host_has_the_same_name():
    other = of_this_host(pid_namespace="pid:[1]")
    assert not is_gone(other)
    assert declare_the_dead(Watch()) == []


def test_after_another_boot_of_the_same_host_its_processes_are_gone(monkeypatch):
    monkeypatch.setattr("executions.worker_identity._pid_namespace", lambda: "pid:[4026531836]")
    before = of_this_host(boot_id="before")
    assert is_gone(before)


def test_another_boot_behind_the_same_host_name_may_be_another_machine_where_containers_are(
    monkeypatch,
):
    monkeypatch.setattr("executions.worker_identity._pid_namespace", lambda: "pid:[4026532001]")
    assert not is_gone(of_this_host(boot_id="another"))
    monkeypatch.setattr("executions.worker_identity._pid_namespace", lambda: "pid:[4026531836]")
    assert not is_gone(of_this_host(boot_id="another", pid_namespace="pid:[4026532001]"))


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(
    TEST_DATABASE == "sqlite", reason="SQLite has one lock, which the sweeper meets itself"
)
@pytest.mark.parametrize(
    "lock",
    [
        "SELECT 1 FROM executions_process FOR UPDATE",
        "UPDATE executions_process SET slots = 1",
        "LOCK TABLE executions_process IN SHARE MODE",
        "LOCK TABLE executions_process IN EXCLUSIVE MODE",
    ],
)
def test_whose_row_others_have_locked_could_not_beat_and_is_not_declared_dead(stale, lock):
    """A sweeper that had no trouble itself still does not take for dead who had."""
    watch = Watch()
    assert declare_the_dead(watch) == []
    with locked(lock):
        assert declare_the_dead(watch) == declare_the_dead(watch) == []
    # It gets the chance to beat that it did not have.
    watched_again = declare_the_dead(watch)
    assert declare_the_dead(watch) + watched_again == [stale]


def test_who_is_heard_of_at_the_last_moment_is_not_declared_dead(stale):
    stale.beat()
    assert not stale.declare_dead("its heartbeat stopped", only_if_silent=True)


def test_time_in_which_the_sweeper_waited_for_the_database_itself_counts_against_nobody(
    stale, settings, monkeypatch
):
    settings.STIGMER_HEARTBEAT_SECONDS = 10.0
    passed = [0.0]
    monkeypatch.setattr("executions.recovery.processes.time.monotonic", lambda: passed[0])
    watch = Watch()
    declare_the_dead(watch)
    with watch.waiting():
        passed[0] += 60.0
    assert declare_the_dead(watch) == []
    passed[0] += 15.0
    assert declare_the_dead(watch) == [stale]


@pytest.mark.django_db(transaction=True)
def test_the_turn_of_a_sweeper_that_fell_silent_in_the_middle_of_it_is_free(stale):
    other = Process.objects.create(kind="worker", host="here", pid=2)
    Turn.objects.create(name="sweep", holder=other, until_at=Now() + timedelta(minutes=1))
    assert not Turn.take("sweep", stale.pk, 30)
    Turn.objects.update(holder=stale)
    assert Turn.take("sweep", other.pk, 30)
