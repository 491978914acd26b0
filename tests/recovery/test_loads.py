"""Once a minute what the workers drive and what waits is noted, and kept for a day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from executions import clock
from executions.models import Execution, Load, Process
from executions.recovery import loads
from tests.driving.conftest import alice, begin, known_functions  # noqa: F401
from tests.driving.texts import tasks

pytestmark = [pytest.mark.database, pytest.mark.django_db]


def test_a_minute_is_noted_once_and_what_is_older_than_a_day_is_forgotten(
    begin: Callable[..., Any],  # noqa: F811
) -> None:
    process = Process.objects.create(kind="worker", host="here", pid=1, slots=4)
    held, waiting = begin(tasks(first="{set: {n: 1}}")), begin(tasks(first="{set: {n: 1}}"))
    Execution.objects.filter(pk=held.pk).update(
        phase="IN_PROGRESS", process=process, wake_at=None, started_at=clock.now()
    )
    Execution.objects.filter(pk=waiting.pk).update(wake_at=clock.now() - timedelta(seconds=90))
    old = Load.objects.create(
        at=clock.now() - timedelta(hours=25), slots=1, held=1, waiting=0, oldest_seconds=0
    )
    assert loads.note()
    load = Load.objects.exclude(pk=old.pk).get()
    assert (load.slots, load.held, load.waiting) == (4, 1, 1)
    assert 90 <= load.oldest_seconds < 150
    assert load.of_workers == {process.pk.hex: 1}
    assert not Load.objects.filter(pk=old.pk).exists()
    number = Load.objects.count()
    loads.note()
    assert Load.objects.count() <= number + 1
