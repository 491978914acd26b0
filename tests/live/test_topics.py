from __future__ import annotations

import pytest

from executions.ids import uuid7
from executions.live.topics import execution_topic, parse
from tests.topics import inbox_topic, row_topic


def test_names_lead_back_to_what_they_name() -> None:
    execution_id = uuid7()
    for name in (execution_topic(execution_id), row_topic(execution_id)):
        topic = parse(name)
        assert topic is not None and topic.execution_id == execution_id
    inbox = parse(inbox_topic(7))
    assert inbox is not None and inbox.user_id == 7


@pytest.mark.parametrize(
    "name", ["", "execution:", "execution:7", "inbox:-1", "inbox:²", "inbox:" + "9" * 30, "x:y"]
)
def test_what_means_nothing_is_no_topic(name: str) -> None:
    assert parse(name) is None
