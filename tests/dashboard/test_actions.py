from __future__ import annotations

from datetime import timedelta

import pytest

from dashboard.actions import actions
from executions import clock
from executions.models import Execution, Stall, Step
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


def test_support_may_retry_and_recover_and_says_why() -> None:
    found = buttons(Phase.FAILED, Role.SUPPORT, optional=True)
    assert found["recover"] == found["retry"] == ""
    assert found["skip"] == "Only the owner or an administrator may do this."
    made = actions(Execution(phase=Phase.FAILED), Role.SUPPORT, [Step(name="a", path="/a")])
    assert {each.verb for each in made if each.asks_reason and each.asks} >= {"retry", "recover"}


def test_the_first_button_that_may_be_pressed_stands_out() -> None:
    made = actions(
        Execution(phase=Phase.FAILED), Role.SUPPORT, [Step(name="charge", path="/charge")]
    )
    assert [action.verb for action in made if action.is_first] == ["retry"]


def test_an_attempt_without_progress_offers_three_ways_on() -> None:
    run = Execution(phase=Phase.IN_PROGRESS)
    without = {action.verb for action in actions(run, Role.OWNER, [])}
    assert "cancel" in without and without.isdisjoint({"keep-waiting", "break-off"})
    offered = {each.verb: each for each in actions(run, Role.OWNER, [], stall=Stall())}
    assert {"cancel", "keep-waiting", "break-off"} <= offered.keys()
    assert offered["break-off"].is_allowed and offered["keep-waiting"].is_allowed
    waits_on = Stall(quiet_until=clock.now() + timedelta(hours=1))
    later = {each.verb: each for each in actions(run, Role.OWNER, [], stall=waits_on)}
    assert later["break-off"].is_allowed and "keep-waiting" not in later
    stays = actions(run, Role.OWNER, [], stall=Stall(why_not="It runs in a thread."))
    refused = {each.verb: each.why_not for each in stays}
    assert (refused["break-off"], refused["keep-waiting"]) == ("It runs in a thread.", "")
    support = {each.verb: each for each in actions(run, Role.SUPPORT, [], stall=Stall())}
    assert not support["break-off"].is_allowed
