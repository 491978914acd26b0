from __future__ import annotations

import pytest

from dashboard.actions import actions
from executions.models import Execution, Step
from executions.roles import Role
from executions.states import Phase


def buttons(phase: Phase, role: Role, *, optional: bool = False) -> dict[str, str]:
    """Verb → why not."""
    failed = (
        [Step(name="charge", path="/charge", optional=optional)] if phase == Phase.FAILED else []
    )
    return {action.verb: action.why_not for action in actions(Execution(phase=phase), role, failed)}


@pytest.mark.parametrize(
    ("phase", "expected"),
    [
        (Phase.PENDING, {"pause", "cancel", "terminate"}),
        (Phase.IN_PROGRESS, {"pause", "cancel", "terminate"}),
        (Phase.WAITING, {"pause", "cancel", "terminate"}),
        (Phase.PAUSED, {"resume", "cancel", "terminate"}),
        (Phase.FAILED, {"retry", "skip", "recover", "acknowledge"}),
        (Phase.COMPLETED, set()),
        (Phase.CANCELLED, set()),
        (Phase.TERMINATED, set()),
    ],
)
def test_the_owner_sees_the_buttons_of_the_phase_and_may_press_them(
    phase: Phase, expected: set[str]
) -> None:
    found = buttons(phase, Role.OWNER, optional=True)
    assert found.keys() == expected
    assert not any(found.values())


def test_a_required_step_cannot_be_skipped_and_the_button_says_why() -> None:
    assert "“charge” is required" in buttons(Phase.FAILED, Role.OWNER)["skip"]


def test_support_may_recover_and_nothing_else() -> None:
    found = buttons(Phase.FAILED, Role.SUPPORT, optional=True)
    assert found["recover"] == ""
    assert found["retry"] == found["skip"] == "Only the owner or an administrator may do this."


def test_the_first_button_that_may_be_pressed_stands_out() -> None:
    made = actions(
        Execution(phase=Phase.FAILED), Role.SUPPORT, [Step(name="charge", path="/charge")]
    )
    assert [action.verb for action in made if action.is_first] == ["recover"]
