"""Which task comes after a finished one."""

from __future__ import annotations

import pytest

from executions.journal.records import StepRecord
from executions.language.walking.following import after, first
from executions.states import StepStatus
from tests.language.walking.walking import parsed

TEXT = """do:
- a: {set: {n: 1}}
- block:
    do:
    - b: {set: {n: 2}}
    - c: {set: {n: 3}}
- rows:
    for: {each: row, in: '${ [1, 2] }'}
    do:
    - d: {set: {n: 4}}
    - e: {set: {n: 5}}
- guard:
    try:
    - f: {set: {n: 6}}
    catch: {do: [{g: {set: {n: 7}}}]}
- back: {set: {n: 8}, then: a}
- over: {set: {n: 9}, then: end}
- last: {set: {n: 10}}
"""


def _records(*finished: str) -> dict[str, StepRecord]:
    found = {path: StepRecord(path, path, "set", status=StepStatus.SUCCEEDED) for path in finished}
    found["/rows"] = StepRecord("/rows", "rows", "for", control={"items": [1, 2]})
    return found


@pytest.mark.parametrize(
    ("path", "follows"),
    [
        ("/a", "/block"),
        ("/block/b", "/block/c"),
        ("/block/c", "/rows"),
        ("/rows/@0/d", "/rows/@0/e"),
        ("/rows/@0/e", "/rows/@1/d"),
        ("/rows/@1/e", "/guard"),
        ("/guard/try@1/f", "/back"),
        ("/guard/catch@1/g", "/back"),
        ("/over", ""),
        ("/last", ""),
        ("/unknown", ""),
    ],
)
def test_the_next_task_is_the_one_that_the_definition_names(path, follows):
    assert after(parsed(TEXT).workflow, _records(), path) == follows


def test_a_task_that_is_gone_back_to_is_named_by_its_next_visit():
    assert after(parsed(TEXT).workflow, _records("/a", "/a#2"), "/back") == "/a#3"


def test_a_recorded_choice_counts_more_than_the_definition():
    records = _records()
    records["/a"] = StepRecord("/a", "a", "switch", control={"flow": "last"})
    assert after(parsed(TEXT).workflow, records, "/a") == "/last"


def test_the_beginning_is_the_first_task():
    assert first(parsed(TEXT).workflow) == "/a"
