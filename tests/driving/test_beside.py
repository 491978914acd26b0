"""Branches in a real drive: calls of all at the same time, one boundary for what comes together,
nothing lost where the drive ends.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from executions.driving.chain import verify
from executions.models import Execution, Step
from executions.verbs.deciding import decisions
from tests.driving.crashing import drive_and_die, drive_on

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def statuses(execution: Execution) -> dict[str, str]:
    rows = Step.objects.standing().tasks().filter(execution=execution).order_by("id")
    return {row.path: row.status for row in rows}


def test_all_branches_run_and_their_outputs_come_together_in_order(begin: Any, drive: Any) -> None:
    execution = drive(
        begin(
            """do:
- together:
    fork:
      branches:
      - a: {set: {n: '${ .x }'}}
      - b: {do: [{one: {set: {n: 2}}}, {two: {set: {n: '${ .n + 1 }'}}}]}
- after: {set: {all: '${ map(.n) }'}}
""",
            {"x": 1},
        )
    )
    assert (execution.phase, execution.output) == ("COMPLETED", {"all": [1, 3]})
    assert statuses(execution)["/together/b/two"] == "SUCCEEDED"
    assert verify(execution) is None


def noting(name: str, ledger: Any, more: str = "", function: str = "note") -> str:
    arguments = f"ledger: '{ledger.path}', line: {name}"
    return (
        f"{name}: {{call: python, with: {{function: tests.{function}, arguments:"
        f" {{{arguments}{more}}}}}}}"
    )


def test_the_calls_of_all_branches_are_made_at_the_same_time(
    begin: Any, drive: Any, ledger: Any
) -> None:
    branches = [noting(name, ledger, ", others: 3", "meet") for name in "abcd"]
    listed = "".join(f"      - {branch}\n" for branch in branches)
    execution = drive(begin(f"do:\n- together:\n    fork:\n      branches:\n{listed}"))
    assert (execution.phase, execution.output) == ("COMPLETED", ["a", "b", "c", "d"])
    assert len(ledger.done()) == len(set(ledger.keys())) == 4


FORKED = """do:
- first: {{{first}}}
- together:
    fork:
      branches:
      - a:
          do:
          - {a1}
          - {a2}
      - b:
          do:
          - pause: {{wait: {{milliseconds: 1}}}}
          - {b1}
      - c: {{set: {{c: 1}}}}
- {last}
"""


def forked(ledger: Any) -> str:
    return FORKED.format(
        first="set: {n: 0}",
        a1=noting("a1", ledger),
        a2=noting("a2", ledger),
        b1=noting("b1", ledger),
        last=noting("last", ledger),
    )


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", range(1, 10))
def test_a_process_that_dies_at_any_write_loses_nothing_and_repeats_only_what_was_under_way(
    begin: Any, ledger: Any, at: int, after: bool
) -> None:
    execution = begin(forked(ledger))
    died = drive_and_die(execution, at, after=after)
    execution = drive_on(execution)
    assert execution.phase == "COMPLETED"
    assert verify(execution) is None
    counts = {line: ledger.done().count(line) for line in ("a1", "a2", "b1", "last")}
    assert min(counts.values()) == 1
    # What was under way when it died was begun again, under its key.
    assert sum(counts.values()) <= 4 + 2 * died
    assert len(set(ledger.keys())) == 4


def test_a_branch_that_fails_leaves_its_siblings_results_and_only_it_is_tried_again(
    begin: Any, drive: Any, alice: User, ledger: Any, tmp_path: Any
) -> None:
    book = tmp_path / "fails"
    failing = (
        "bad: {call: python, with: {function: tests.fails, arguments:"
        f" {{ledger: '{book}', times: 1, transient: false}}}}}}"
    )
    execution = drive(
        begin(
            f"""do:
- together:
    fork:
      branches:
      - {noting("good", ledger)}
      - {failing}
- after: {{set: {{all: '${{ . }}'}}}}
"""
        )
    )
    assert (execution.phase, execution.current_step) == ("FAILED", "/together/bad")
    assert execution.failure_reason == "not yet"
    assert statuses(execution) == {
        "/together": "FAILED",
        "/together/good": "SUCCEEDED",
        "/together/bad": "FAILED",
    }
    decisions.retry(execution.pk, alice)
    execution = drive(execution)
    assert execution.phase == "COMPLETED"
    assert execution.output["all"][1] == {"tries": 2}
    assert ledger.done() == ["good"]
    assert verify(execution) is None


def test_two_that_fail_are_both_named_and_both_tried_again(
    begin: Any, drive: Any, alice: User, tmp_path: Any
) -> None:
    def failing(name: str) -> str:
        return (
            f"{name}: {{call: python, with: {{function: tests.fails, arguments: {{ledger:"
            f" '{tmp_path / name}', times: 1, transient: false, message: {name} is down}}}}}}"
        )

    execution = drive(
        begin(
            "do:\n- together:\n    fork:\n      branches:\n"
            f"      - x: {{do: [{failing('one')}]}}\n      - {failing('two')}\n"
        )
    )
    assert execution.phase == "FAILED"
    assert execution.failure_reason == "2 branches failed: x (one is down); two (two is down)"
    decisions.retry(execution.pk, alice)
    execution = drive(execution)
    assert (execution.phase, execution.output) == ("COMPLETED", [{"tries": 2}, {"tries": 2}])
    assert verify(execution) is None
