"""What the harness found, each as the smallest test that shows it; the seed of the trial stands in
the docstring.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models.functions import Now
from django.utils import timezone

from executions import dispatch
from executions.driving.attempts.running import Running
from executions.driving.chain import verify
from executions.driving.driver import advance
from executions.driving.store import Here
from executions.errors import Refused
from executions.models import Execution, Step
from executions.recovery.registration import register
from executions.recovery.sweep import sweep
from executions.verbs.deciding import decisions
from tests.faults.starting import started

pytestmark = pytest.mark.database


@pytest.fixture
def bells(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    rung: list[Any] = []

    def ring(execution_id: uuid.UUID, queue: str = "default", owner_id: int | None = None) -> bool:
        rung.append(execution_id)
        return True

    monkeypatch.setattr(dispatch, "ring", ring)
    return rung


def test_what_the_sweep_rang_in_vain_is_rung_again(
    db: None, bells: list[Any], settings: Any
) -> None:
    """F1 sqlite:loop:6, F2 sqlite:kill:42.

    On SQLite the first ring's stamp never matched itself: no second ring.
    """
    settings.STIGMER_RING_AGAIN_SECONDS = 0.0
    execution = started("do:\n- one: {set: {n: 1}}\n")
    Execution.objects.filter(pk=execution.pk).update(
        wake_at=timezone.now() - timedelta(minutes=1), rung_at=Now()
    )
    bells.clear()
    sweep()
    assert bells == [execution.pk]


@pytest.mark.parametrize("text", ["{", '{"a": ', "[" * 5000, "nul", '{"n": 1} x'])
def test_a_checkpoint_whose_text_is_no_json_is_corrupt_and_not_an_error_of_the_server(
    db: None, text: str
) -> None:
    """F12 checkpoint:0.

    Reading such a row raised, in the verification, in every claim and on every page.
    """
    execution = started(
        "do:\n- one: {set: {n: 1}}\n- two: {raise: {error: {type: 'https://e.org/x', status:"
        " 400}}}\n"
    )
    advance(execution.pk, process_id=register("worker").pk, store=Here(), running=Running())
    with connection.cursor() as cursor:
        cursor.execute("UPDATE executions_step SET output = %s WHERE path = '/one'", [text])
    with pytest.raises(Refused) as refused:
        decisions.recover(execution.pk, User.objects.get(username="ann"))
    assert refused.value.code == "corrupt"
    assert Execution.objects.get(pk=execution.pk).requires_manual_intervention


def test_a_status_that_nobody_knows_makes_the_journal_corrupt(db: None) -> None:
    """F12 checkpoint:1."""
    execution = started("do:\n- one: {set: {n: 1}}\n- two: {set: {n: 2}}\n")
    advance(execution.pk, process_id=register("worker").pk, store=Here(), running=Running())
    Step.objects.filter(path="/one").update(status="FAILUD")
    assert verify(Execution.objects.get(pk=execution.pk)) is not None


def test_a_process_that_was_declared_dead_takes_nothing(db: None) -> None:
    """Found while the model was written: a zombie took the next bell in the moment before its pulse
    ended it.
    """
    execution = started("do:\n- one: {set: {n: 1}}\n")
    process = register("worker")
    process.declare_dead("stalled")
    assert not advance(execution.pk, process_id=process.pk, store=Here(), running=Running())
    assert Execution.objects.get(pk=execution.pk).token == 0
