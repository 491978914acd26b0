"""Every way from a phase to the one that a runner reports is a row of legal moves, or refused with
the reason.
"""

from __future__ import annotations

from itertools import pairwise

import pytest

from executions.errors import Refused
from executions.intake.runner_phase import route
from executions.states import ACTIVE_PHASES, ENDED_PHASES, Phase, may_move

ACTIVE = sorted(ACTIVE_PHASES)
REPORTED = sorted(set(Phase))


@pytest.mark.parametrize("to", REPORTED)
@pytest.mark.parametrize("current", ACTIVE)
def test_every_way_is_legal_and_leads_there(current: Phase, to: Phase) -> None:
    try:
        way = route(current, to)
    except Refused as refused:
        assert refused.state == current
        assert to == Phase.PENDING or (current == Phase.PAUSED and to not in ENDED_PHASES)
        return
    assert all(may_move(here, there) for here, there in pairwise([current, *way]))
    assert (way[-1] if way else current) == to


@pytest.mark.parametrize("current", ACTIVE)
def test_nothing_changes_where_no_phase_is_given(current: Phase) -> None:
    assert route(current, None) == []


def test_a_run_that_nobody_began_is_cancelled_without_having_been_in_progress() -> None:
    assert route(Phase.PENDING, Phase.CANCELLED) == [Phase.CANCELLED]
    assert route(Phase.PENDING, Phase.COMPLETED) == [Phase.IN_PROGRESS, Phase.COMPLETED]
