from __future__ import annotations

import pytest

from dashboard.ways import ways
from executions.models import Execution
from executions.roles import Role
from executions.states import Phase
from executions.verbs.deciding.override import choices

RECOVER, OVERRIDE = "execution-recover", "execution-override"
# Where a run is restored, it is forked as well.
RESTORE = FORK = "execution-checkpoints"


def routes(phase: Phase, role: Role, kind: str = "workflow") -> set[str]:
    return {way.route for way in ways(Execution(phase=phase, kind=kind), role)}


@pytest.mark.parametrize(
    ("phase", "owner", "support", "admin"),
    [
        (Phase.PENDING, set(), set(), {OVERRIDE}),
        (Phase.IN_PROGRESS, set(), set(), {OVERRIDE}),
        (Phase.WAITING, {FORK}, {RESTORE}, {RESTORE, OVERRIDE}),
        (Phase.PAUSED, {FORK}, {RESTORE}, {RESTORE, OVERRIDE}),
        (Phase.FAILED, {RECOVER, FORK}, {RECOVER, RESTORE}, {RECOVER, RESTORE, OVERRIDE}),
        (Phase.CANCELLED, {FORK}, {RESTORE}, {RESTORE}),
        (Phase.COMPLETED, {FORK}, set(), {FORK}),
        (Phase.TERMINATED, {FORK}, set(), {FORK}),
    ],
)
def test_each_role_is_offered_what_it_may_do_in_this_phase(
    phase: Phase, owner: set[str], support: set[str], admin: set[str]
) -> None:
    assert routes(phase, Role.OWNER) == owner
    assert routes(phase, Role.SUPPORT) == support
    assert routes(phase, Role.ADMIN) == admin


def test_a_run_of_an_agent_is_restored_but_follows_no_definition_to_go_on_with() -> None:
    assert routes(Phase.FAILED, Role.ADMIN, "agent") == {RESTORE, OVERRIDE}
    assert routes(Phase.FAILED, Role.SUPPORT, "agent") == {RESTORE}
    assert routes(Phase.FAILED, Role.OWNER, "agent") == set()


def test_every_phase_that_an_override_leads_to_is_explained() -> None:
    possible = {to for phase in Phase for to in choices(Execution(phase=phase))}
    assert possible == {phase for phase in Phase if phase.row.override}
