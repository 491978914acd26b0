"""One statement says what a sweep has to do; the rest of it is done only then."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from executions.audit import rounds
from executions.inbound import forgetting
from executions.intake.apply import apply_definition
from executions.intake.start import start
from executions.models import Event, Execution, Load
from executions.recovery import parts
from executions.recovery.processes import Watch
from executions.recovery.sweep import Sweep

pytestmark = [
    pytest.mark.database,
    pytest.mark.django_db,
    pytest.mark.usefixtures("bells"),
]
TEXT = (
    "document: {dsl: '1.0.0', namespace: t, name: one, version: '1.0.0'}\ndo: [{a: {set: {n:"
    " 1}}}]\n"
)


def begun(**columns: Any) -> Execution:
    alice, _ = User.objects.get_or_create(username="alice")
    execution = start(apply_definition(TEXT, alice).workflow, alice, input={})
    Execution.objects.filter(pk=execution.pk).update(**columns)
    return execution


def test_in_a_system_at_rest_there_is_nothing_to_do() -> None:
    assert parts.look() == parts.Look(frozenset(), "")


def test_a_second_sweep_of_a_system_at_rest_asks_for_the_living_and_for_what_there_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(forgetting, "go_on", lambda: None)
    monkeypatch.setattr(rounds, "REST_SECONDS", 1e9)
    monkeypatch.setattr("executions.recovery.sweep.SCAN_SECONDS", 1e9)
    sweep = Sweep(Watch())
    sweep.go()
    Load.objects.update(at=timezone.now() + timedelta(minutes=1))
    with CaptureQueriesContext(connection) as asked:
        sweep.go()
    # The kept statement of PostgreSQL goes past those that Django notes.
    assert len(asked) <= 2


def test_what_there_is_to_do_is_seen_and_done(bells: list[uuid.UUID]) -> None:
    past, future = timezone.now() - timedelta(minutes=1), timezone.now() + timedelta(days=1)
    waits = {"phase": "WAITING", "waiting_for": "timer"}
    due = begun(wake_at=past)
    lost = begun(wake_at=None, **waits)
    late = begun(wake_at=future, timeout_at=past, **waits)
    Event.objects.create(execution=due, seq=99, name="X", created_at=past)
    bells.clear()
    assert {parts.DUE, "lost", "unsent"} <= parts.look().there
    assert Sweep(Watch()).go() == 1
    assert bells == [due.pk]
    assert set(Execution.objects.due()) == {due, lost, late}
    assert not Event.objects.filter(seq=99, sent_at=None).exists()
    assert Load.objects.count() == 1
