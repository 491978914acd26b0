"""What the harness found, each as the smallest test that shows it; the seed of the trial stands in the docstring."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from executions import dispatch
from executions.models import Execution
from executions.recovery.sweep import sweep
from tests.faults.starting import started

pytestmark = pytest.mark.database


@pytest.fixture
def bells(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    rung: list[Any] = []
    monkeypatch.setattr(dispatch, "ring", lambda execution_id, queue="default": rung.append(execution_id) or True)
    return rung


def test_what_the_sweep_rang_in_vain_is_rung_again(db: None, bells: list[Any], settings: Any) -> None:
    """F1 sqlite:loop:6. The stamp of the first ring never matched itself on SQLite, so nobody ever rang again."""
    settings.STIGMER_RING_AGAIN_SECONDS = 0.0
    execution = started("do:\n- one: {set: {n: 1}}\n")
    Execution.objects.filter(pk=execution.pk).update(wake_at=timezone.now() - timedelta(minutes=1), rung_at=Now())
    bells.clear()
    sweep(5)
    assert bells == [execution.pk]
