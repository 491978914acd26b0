"""What a step has decided, typed: a view that changes nothing of what is stored and hashed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executions.journal.decided import (
    IDENTITY,
    KINDS,
    PER_TRY,
    Call,
    Counted,
    Decision,
    Earlier,
    InLine,
    Key,
    Known,
    Task,
    Try,
    View,
    without,
)
from executions.journal.records import StepRecord
from executions.values import dumps

FORMAT_1 = Path(__file__).parents[1] / "driving" / "journals" / "format_1.json"
AT = datetime(2026, 11, 29, 1, 2, 3, tzinfo=UTC)


def keys_of(kind: type[View]) -> list[str]:
    return [name for name in dir(kind) if isinstance(getattr(kind, name, None), Key)]


def stored_controls() -> list[dict[str, Any]]:
    rows = json.loads(FORMAT_1.read_text())
    controls = [row["fields"]["control"] for row in rows if row["model"] == "executions.step"]
    return [json.loads(each) if isinstance(each, str) else each for each in controls]


@pytest.mark.parametrize("kind", KINDS)
def test_reading_a_journal_of_an_older_release_changes_nothing_of_it(kind: type[View]):
    controls = stored_controls()
    assert any(controls)
    for control in controls:
        before = dumps(control)
        view = kind(control)
        for name in keys_of(kind):
            value = getattr(view, name)
            assert (value is None) is (control.get(name) is None)
        assert view.json is control and dumps(control) == before


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_read_and_set_again_is_stored_as_it_was(kind: type[View]):
    for control in stored_controls():
        before = dumps(control)
        view = kind(control)
        for name in keys_of(kind):
            if control.get(name) is not None:
                setattr(view, name, getattr(view, name))
        assert dumps(control) == before


@given(
    st.dictionaries(
        st.text(max_size=4), st.none() | st.integers() | st.text(max_size=4), max_size=6
    )
)
def test_unknown_keys_their_order_and_their_nulls_survive(control):
    before = list(control.items())
    call = Call(control)
    call.failures = 3
    del call.failures
    assert [item for item in control.items() if item[0] != "failures"] == [
        item for item in before if item[0] != "failures"
    ]


def test_only_what_is_set_is_written():
    record = StepRecord("/a", "a", "call")
    call = Call.of(record)
    assert (call.key, call.earlier, call.needs_decision, call.flow) == (None, None, None, None)
    assert record.control == {}
    call.key, call.outcome, call.first_attempt_at = "k~1", Known.UNKNOWN, AT
    assert dumps(record.control) == (
        '{"key":"k~1","outcome":"unknown","first_attempt_at":"2026-11-29T01:02:03+00:00"}'
    )
    assert (call.outcome, call.first_attempt_at) == (Known.UNKNOWN, AT)


def test_a_part_is_a_view_of_the_same_json():
    record = StepRecord("/a", "a", "call")
    said = Call.of(record).earlier = Earlier.made(path="/b", outcome=Known.FAILED)
    said.arguments = "others"
    Call.of(record).in_line = InLine.made(since=AT, counted=AT)
    held = Call.of(record).in_line
    assert held is not None
    held.counted = AT.replace(year=2027)
    assert record.control == {
        "earlier": {"path": "/b", "outcome": "failed", "arguments": "others"},
        "in_line": {"since": AT.isoformat(), "counted": "2027-11-29T01:02:03+00:00"},
    }


def test_what_a_new_try_forgets_and_what_tells_the_operation_are_marked_at_the_keys():
    assert set(PER_TRY) == {
        "conflicts",
        "failed",
        "failures",
        "first_attempt_at",
        "deadline",
        "boundary",
        "needs_decision",
        "flow",
        "try_deadline",
        "in_line",
        "ask",
        "looked",
        "spent",
    }
    assert IDENTITY == ("key", "outcome", "earlier", "asked", "child")
    control = {"z": None, "failures": 2, "key": "k", "flow": "end", "a": 1}
    assert list(without(control, *PER_TRY).items()) == [("z", None), ("key", "k"), ("a", 1)]


@pytest.mark.parametrize("control", [None, [], "text", 7, {"earlier": "text"}, {"in_line": [1]}])
def test_what_somebody_made_of_a_column_that_is_no_object_decides_nothing(control):
    step = type("Row", (), {"control": control})()
    call = Call.of(step)
    assert (
        call.key is None and Task.of(step).reason is None and Decision.of(step).supersedes is None
    )
    assert call.earlier is None or call.earlier.outcome is None
    assert call.in_line is None or call.in_line.since is None


def test_an_outcome_of_another_version_is_not_known_to_this_one():
    assert Call({"outcome": "half"}).outcome is Known.UNKNOWN


def test_a_block_counts_from_the_try_that_a_person_chose():
    block = Try({})
    block.counted_from = Counted.made(attempt=2, at=AT)
    assert block.json == {"counted_from": {"attempt": 2, "at": AT.isoformat()}}
