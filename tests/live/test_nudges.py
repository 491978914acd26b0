"""What is heard from other processes: a hint to look, whatever came with it."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from executions.nudges import Nudge, announce, nudge_of, nudges_of, together, use_publisher

EXECUTION = uuid.uuid4()


def test_what_is_announced_is_heard_as_the_same() -> None:
    sent: list[dict[str, object]] = []
    use_publisher(sent.append)
    try:
        announce(EXECUTION, 7, 3)
    finally:
        use_publisher(None)
    assert [nudge_of(each) for each in sent] == [Nudge(EXECUTION, 3)]


@pytest.mark.parametrize("owner", [None, "3", [3]])
def test_an_owner_that_cannot_be_read_is_left_out(owner: Any) -> None:
    assert nudge_of({"execution": str(EXECUTION), "owner": owner}) == Nudge(EXECUTION, None)


@pytest.mark.parametrize(
    "message", [{}, {"execution": None}, {"execution": "wex-1"}, {"execution": [1]}]
)
def test_what_names_no_execution_is_no_nudge(message: dict[str, Any]) -> None:
    assert nudge_of(message) is None


def test_several_nudges_are_one_message_and_what_is_none_is_left_out() -> None:
    whole = {"execution": str(EXECUTION), "owner": 3}
    assert nudges_of(together([whole, {"execution": "?"}, whole])) == [Nudge(EXECUTION, 3)] * 2
    assert nudges_of(whole) == [Nudge(EXECUTION, 3)]
    assert nudges_of({"nudges": "?"}) == nudges_of({"nudges": [7]}) == []
