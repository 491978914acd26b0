"""Runs that wait for their turn with a slow expression: what is asked of them is heard
meanwhile.
"""

from __future__ import annotations

from typing import Any

import pytest

from executions.models import Execution
from executions.states import ACTIVE_PHASES
from executions.verbs.deciding import control
from tests.waiting import until

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]
SLOW = "do: [{x: {set: {n: '${ last(limit(30000000; repeat(1))) }'}}}]"
RUNS = 12


@pytest.mark.parametrize(
    ("ask", "phase"), [(control.cancel, "CANCELLED"), (control.pause, "PAUSED")]
)
def test_who_waits_behind_slow_expressions_of_its_own_is_cancelled_and_paused_at_once(
    worker: Any, begin: Any, ends: Any, alice: Any, ask: Any, phase: str
) -> None:
    runs = [begin(SLOW, name=f"run-{number}") for number in range(RUNS)]
    worker()
    mine = Execution.objects.filter(pk__in=[run.pk for run in runs])
    until(lambda: not mine.filter(phase="PENDING").exists(), what="all are taken")
    # One of them is evaluated, two seconds of processor time each; the others wait for their turn.
    last = mine.filter(phase="IN_PROGRESS").order_by("-id")[0]
    ask(last.pk, alice)
    ends(last, phase)
    assert mine.exclude(pk=last.pk).filter(phase__in=ACTIVE_PHASES).exists()
