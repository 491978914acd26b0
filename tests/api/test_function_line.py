"""Why a run does not move that waits for a free process of functions."""

from __future__ import annotations

from datetime import timedelta

import pytest

from executions import clock
from executions.models import Execution, Step

pytestmark = pytest.mark.database


def stand_in_line(execution: Execution, seconds: float) -> None:
    held = {"in_line": {"since": (clock.now() - timedelta(seconds=seconds)).isoformat()}}
    Step.objects.filter(execution=execution).delete()
    Step.objects.create(
        execution=execution, path="/add", name="add", kind="call", status="WAITING", control=held
    )
    waits = {
        "phase": "WAITING",
        "waiting_for": "function process",
        "failed_at": None,
        "error": None,
    }
    Execution.objects.filter(pk=execution.pk).update(**waits)


def test_it_says_how_long_the_line_is_and_who_waits_longest(owner, failed):
    mine, other = failed(), failed()
    stand_in_line(mine, 30)
    stand_in_line(other, 300)
    found = owner.get(f"workflow-executions/{mine.public_id}").json()["status"]["function_line"]
    assert (found["step"], found["length"]) == ("/add", 2)
    assert found["oldest_since"] < found["since"]
    assert (
        "It has waited 3" in found["told"]
        and "2 runs wait for one, the longest for 5 min" in found["told"]
    )


def test_who_does_not_stand_in_line_says_nothing_of_it(owner, failed):
    execution = failed()
    assert (
        owner.get(f"workflow-executions/{execution.public_id}").json()["status"]["function_line"]
        is None
    )
