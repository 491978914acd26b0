from __future__ import annotations

from typing import Any

import pytest

from executions.ids import uuid7
from executions.journal.causes import cause_of, place, shape

WORKFLOW = uuid7()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("order 17 is unknown", "order 4711 is unknown"),
        ("wex-01m8jzt86vevrrafnsfyxqy7sv is gone", "wex-01m8jzt83qefft494p5mc2nk13 is gone"),
        ("no user ann@example.org", "no user bob.b@example.com"),
        ("since 2026-11-29T06:27:56.981760Z", "since 2025-01-02T03:04:05Z"),
        ("http://10.0.0.7:8001/charge: refused", "http://10.0.0.8:8002/charge: refused"),
        ("key 3f2a9c01-aa00-4b1c-9d7e-000000000001", "key 00000000-0000-0000-0000-0000000000ab"),
        ("a  line\tof words", "a line of words"),
    ],
)
def test_what_varies_from_run_to_run_does_not_make_another_cause(one: str, other: str) -> None:
    assert shape(one) == shape(other)
    assert cause_of(WORKFLOW, "/charge", one) == cause_of(WORKFLOW, "/charge", other)


def test_rounds_tries_and_visits_of_one_step_are_one_place() -> None:
    assert place("/rows/@3/parse#2") == place("/rows/@14/parse#7") == "/rows/@/parse#"
    assert place("/guard/try@2/charge") == "/guard/try@/charge"
    assert place("/step2") != place("/step3")


@pytest.mark.parametrize(
    "other",
    [
        (uuid7(), "/charge", "no funds", {"type": "a", "status": 402}),
        (WORKFLOW, "/ship", "no funds", {"type": "a", "status": 402}),
        (WORKFLOW, "/charge", "no stock", {"type": "a", "status": 402}),
        (WORKFLOW, "/charge", "no funds", {"type": "b", "status": 402}),
        (WORKFLOW, "/charge", "no funds", {"type": "a", "status": 503}),
        (WORKFLOW, "/charge", "no funds", None),
    ],
)
def test_another_workflow_step_class_or_message_is_another_cause(other: Any) -> None:
    assert cause_of(*other) != cause_of(
        WORKFLOW, "/charge", "no funds", {"type": "a", "status": 402}
    )


def test_parts_cannot_be_moved_into_each_other() -> None:
    assert cause_of(None, "a\x1fb", "c") != cause_of(None, "a", "b\x1fc")
    assert len(cause_of(None, "", "")) <= 40
