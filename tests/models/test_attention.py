"""What needs a person is decided once: for a query over all rows, and for one row in hand."""

from __future__ import annotations

from itertools import product

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from executions.intake.apply import apply_definition
from executions.intake.start import start
from executions.models import Execution
from executions.states import ENDED_PHASES, Phase

pytestmark = [pytest.mark.django_db, pytest.mark.database]
TEXT = """document: {dsl: '1.0.0', namespace: tests, name: seen, version: '1.0.0'}
do:
- first: {set: {n: 1}}
"""


def test_the_query_and_the_row_agree_in_every_state():
    alice = User.objects.create_user("alice")
    workflow = apply_definition(TEXT, alice).workflow
    now, needing = timezone.now(), set()
    phases = [phase for phase in Phase if phase != Phase.IN_PROGRESS]
    for phase, waiting_for, flagged, silent in product(
        phases, ("", "decision"), (False, True), (None, now)
    ):
        row = start(workflow, alice, input={})
        Execution.objects.filter(pk=row.pk).update(
            phase=phase,
            waiting_for=waiting_for,
            requires_manual_intervention=flagged,
            runner_silent_at=silent,
            runner="external",
            wake_at=now,
        )
        row.refresh_from_db()
        is_asked = phase == Phase.WAITING and waiting_for == "decision"
        expected = (
            phase == Phase.FAILED
            or flagged
            or is_asked
            or bool(silent and phase not in ENDED_PHASES)
        )
        assert row.needs_attention() is expected
        needing |= {row.pk} if expected else set()
    assert set(Execution.objects.needing_attention().values_list("pk", flat=True)) == needing
