"""What is due is due by the database's clock, however wrong this host's own is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.utils import timezone

from executions import clock
from executions.driving.attempts.running import Running
from executions.driving.driver import advance
from executions.driving.store import Here
from executions.intake.apply import apply_definition
from executions.intake.start import start
from executions.models import Event, Execution, Process, Step
from executions.recovery.registration import register
from executions.states import Phase
from tests.waiting import until

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]
on_postgres = pytest.mark.skipif(
    django_settings.DATABASES["default"]["ENGINE"].endswith("sqlite"),
    reason="SQLite's clock is the host's",
)
JUMPS = [timedelta(hours=1), timedelta(hours=-1), timedelta(days=1), timedelta(days=-1)]
WAITS = (
    "document: {dsl: '1.0.0', namespace: tests, name: waits, version: '1.0.0'}\ndo: [{w: {wait:"
    " {milliseconds: 1500}}}]"
)


def database_time() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment


@pytest.fixture
def jump(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """The clock of this host jumps by so much from now on."""
    real = timezone.now

    def by(much: timedelta) -> None:
        monkeypatch.setattr(timezone, "now", lambda: real() + much)

    return by


@pytest.fixture
def execution(django_user_model) -> Execution:
    owner = django_user_model.objects.create_user("alice")
    return start(apply_definition(WAITS, owner).workflow, owner)


def drive(execution: Execution, process: Process) -> Execution:
    advance(execution.pk, process_id=process.pk, store=Here(), running=Running())
    return Execution.objects.get(pk=execution.pk)


@on_postgres
def test_it_is_never_ahead_of_the_database_and_hardly_behind():
    clock.read()
    for _ in range(100):
        ours, theirs = clock.now(), database_time()
        assert ours <= theirs + timedelta(milliseconds=5)
        assert theirs - ours < timedelta(seconds=1)


@on_postgres
@pytest.mark.parametrize("much", JUMPS, ids=str)
def test_a_timer_that_a_host_with_a_wrong_clock_set_is_due_by_the_database(execution, jump, much):
    jump(much)
    process = register("worker", slots=1)
    before = database_time()
    waiting = drive(execution, process)
    assert waiting.phase == Phase.WAITING and waiting.wake_at is not None
    assert before < waiting.wake_at - timedelta(milliseconds=1500) + timedelta(seconds=1)
    assert waiting.wake_at - timedelta(milliseconds=1500) <= database_time()


@pytest.mark.parametrize("much", [timedelta(0), *JUMPS], ids=str)
def test_a_timer_fires_once_and_not_early_where_the_clock_of_the_worker_jumps_while_it_waits(
    execution, jump, much
):
    if connection.vendor == "sqlite" and much:
        pytest.skip("SQLite's clock is the host's")
    process = register("worker", slots=1)
    waiting = drive(execution, process)
    jump(much)
    until(lambda: drive(execution, process).phase == Phase.COMPLETED, what="the timer has fired")
    ended = Event.objects.get(execution=execution, name="WORKFLOW_COMPLETED").created_at
    assert waiting.wake_at is not None and ended >= waiting.wake_at
    assert ended - waiting.wake_at < timedelta(minutes=5)
    assert Step.objects.filter(execution=execution, name="w").count() == 1


@on_postgres
@pytest.mark.parametrize("much", JUMPS, ids=str)
def test_what_a_server_with_a_wrong_clock_takes_in_is_due_at_once(django_user_model, jump, much):
    jump(much)
    owner = django_user_model.objects.create_user("alice")
    execution = start(apply_definition(WAITS, owner).workflow, owner)
    assert Execution.objects.due().filter(pk=execution.pk).exists()
    due_at = Execution.objects.get().wake_at
    assert due_at is not None and abs(due_at - database_time()) < timedelta(minutes=5)


@on_postgres
@pytest.mark.parametrize("much", JUMPS, ids=str)
def test_a_heartbeat_of_a_host_with_a_wrong_clock_counts_by_the_database(jump, much):
    jump(much)
    process = register("worker", slots=1)
    process.beat()
    assert Process.objects.living().filter(pk=process.pk).exists()
    assert not Process.objects.silent().exists()
