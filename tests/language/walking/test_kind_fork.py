"""Walks with branches: what joins, who wins, what a failure leaves, and that a replay goes the same
way wherever it begins.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from executions.journal.decided import Forked
from executions.journal.replay import Diverged
from executions.language.walking.context import merged
from executions.language.walking.requests import Completed, Failed
from tests.language.walking.walking import Crash, Run


def call(name: str, more: str = "") -> str:
    arguments = f"{{n: {name}{', ' + more if more else ''}}}"
    return f"{name}: {{call: python, with: {{function: f, arguments: {arguments}}}}}"


BOTH = f"""do:
- together:
    fork:
      branches:
      - a: {{do: [{{{call("a1")}}}, {{{call("a2")}}}]}}
      - b: {{do: [{{pause: {{wait: {{seconds: 5}}}}}}, {{{call("b1")}}}]}}
      - c: {{set: {{n: c}}}}
- last: {{set: {{all: '${{ map(.n) }}'}}}}
"""
ALL = Completed({"all": ["a2", "b1", "c"]})


def test_a_join_gives_the_outputs_in_the_order_of_the_branches() -> None:
    run = Run(BOTH)
    assert run.walk() == ALL
    assert set(run.effects) == {"/together/a/a1", "/together/a/a2", "/together/b/b1"}


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("at", range(1, 14))
def test_a_replay_from_any_commit_goes_the_same_way(at: int, first: bool) -> None:
    run = Run(BOTH)
    run.turn = lambda lanes: lanes[0 if first else -1]
    try:
        run.walk(crash_at=at)
    except Crash:
        run.turn = lambda lanes: lanes[-1 if first else 0]
        assert run.walk() == ALL
    assert set(run.effects) == {"/together/a/a1", "/together/a/a2", "/together/b/b1"}
    assert sum(run.effects.values()) <= 4


def test_a_new_branch_before_recorded_ones_is_no_divergence_and_one_that_is_gone_is() -> None:
    run = Run(BOTH)
    with pytest.raises(Crash):
        run.walk(crash_at=4)
    before = dict(run.effects)
    with pytest.raises(Diverged):
        run.change(BOTH.replace("a1:", "other:")).walk()
    assert dict(run.effects) == before


def test_a_branch_that_is_read_late_does_not_make_the_others_divergent() -> None:
    # The first branch comes to a new effect before the second was walked past what it has done.
    run = Run(BOTH)
    run.turn = lambda lanes: lanes[-1]
    with pytest.raises(Crash):
        run.walk(crash_at=8)
    run.turn = lambda lanes: lanes[0]
    assert run.walk() == ALL


FAILING = f"""do:
- together:
    fork:
      branches:
      - a: {{do: [{{{call("bad", "fail: no luck")}}}]}}
      - b: {{do: [{{{call("b1")}}}, {{{call("b2")}}}]}}
      - c: {{do: [{{pause: {{wait: {{days: 30}}}}}}, {{{call("c1")}}}]}}
"""


def test_a_failure_begins_nothing_new_and_does_not_wait_for_who_waits() -> None:
    run = Run(FAILING)
    ended = run.walk()
    assert isinstance(ended, Failed)
    assert (ended.error.detail, ended.path) == ("no luck", "/together/a/bad")
    assert dict(run.effects) == {"/together/a/bad": 1}
    statuses = {record.path: str(record.status) for record in run.records}
    assert statuses["/together"] == statuses["/together/a"] == "FAILED"
    # What waits stays open; what was not begun is not there.
    assert statuses["/together/c/pause"] == "WAITING"
    assert "/together/b/b1" not in statuses
    assert Forked.of(run.step("/together/a")).failed == ["/together/a/bad"]


def test_a_catch_around_a_fork_takes_its_failure_and_closes_what_is_open_in_it() -> None:
    caught = (
        "do:\n- guard:\n    try:\n"
        + "\n".join(f"    {line}" for line in FAILING.splitlines()[1:])
        + "\n    catch: {do: [{after: {set: {caught: true}}}]}\n"
    )
    run = Run(caught)
    assert run.walk() == Completed({"caught": True})
    assert str(run.step("/guard/try@1/together/c/pause").status) == "CANCELLED"
    assert run.walk() == Completed({"caught": True})


RACE = f"""do:
- race:
    fork:
      compete: true
      branches:
      - slow: {{do: [{{pause: {{wait: {{seconds: 50}}}}}}, {{{call("s1")}}}]}}
      - a: {{do: [{{{call("a1")}}}, {{{call("a2")}}}]}}
      - b: {{do: [{{{call("b1")}}}, {{{call("b2")}}}]}}
- last: {{set: {{won: '${{ .n }}'}}}}
"""


@pytest.mark.parametrize(("place", "winner"), [(0, "a2"), (-1, "b2")])
def test_the_first_to_succeed_wins_and_the_others_are_closed(place: int, winner: str) -> None:
    run = Run(RACE)
    run.turn = lambda lanes: lanes[place]
    assert run.walk() == Completed({"won": winner})
    assert Forked.of(run.step("/race")).winner == winner[0]
    assert str(run.step("/race/slow/pause").status) == "CANCELLED"
    # Whoever walks it again does not ask the branches.
    run.turn = lambda lanes: lanes[-1 - place]
    assert run.walk() == Completed({"won": winner})


@pytest.mark.parametrize("at", range(1, 6))
def test_a_race_that_is_cut_anywhere_has_one_winner(at: int) -> None:
    run = Run(RACE)
    with pytest.raises(Crash):
        run.walk(crash_at=at)
    run.turn = lambda lanes: lanes[-1]
    ended = run.walk()
    assert isinstance(ended, Completed)
    assert ended.output["won"][0] == Forked.of(run.step("/race")).winner
    assert run.walk() == ended


def test_a_branch_that_fails_is_out_of_a_race_and_all_that_fail_are_named() -> None:
    run = Run(RACE.replace("n: a1", "n: a1, fail: a is down"))
    assert run.walk() == Completed({"won": "b2"})
    every = RACE.replace("n: a1", "n: a1, fail: a is down").replace("n: b1", "n: b1, fail: b too")
    ended = Run(every.replace("n: s1", "n: s1, fail: s as well")).walk()
    assert isinstance(ended, Failed)
    assert ended.error.detail == "3 branches failed: slow (s as well); a (a is down); b (b too)"


NESTED = f"""do:
- outer:
    fork:
      branches:
      - x:
          fork:
            branches:
            - x1: {{do: [{{{call("p")}}}, {{{call("q")}}}]}}
            - x2: {{do: [{{{call("r")}}}]}}
      - y: {{do: [{{{call("s")}}}]}}
"""


@pytest.mark.parametrize("at", range(1, 12))
def test_forks_inside_of_forks_join_inside_out_wherever_the_walk_is_cut(at: int) -> None:
    run = Run(NESTED)
    try:
        run.walk(crash_at=at)
    except Crash:
        run.turn = lambda lanes: lanes[-1]
    assert run.walk() == Completed([[{"n": "q"}, {"n": "r"}], {"n": "s"}])
    assert sum(run.effects.values()) <= 5


EACH = f"""do:
- before: {{set: {{base: 1}}, export: {{as: '${{ . }}'}}}}
- each:
    for: {{each: item, at: at, in: '${{ [range(6)] }}'}}
    do:
    - {call("twice", "i: '${ $item * 2 }', base: '${ .base }'")}
    - keep: {{set: {{is: '${{ .i }}'}}, export: {{as: '${{ $context + {{("k\\($at)"): .is}} }}'}}}}
    metadata: {{parallel: 2}}
- last: {{set: {{all: '${{ map(.is) }}', seen: '${{ $context }}'}}}}
"""


@pytest.mark.parametrize("at", range(1, 26, 3))
def test_a_parallel_loop_goes_through_all_items_a_few_at_a_time(at: int) -> None:
    run, most = Run(EACH), [0]

    def noted(lanes: Any) -> Any:
        most[0] = max(most[0], len(lanes))
        return lanes[-1]

    run.turn = noted
    with suppress(Crash):
        run.walk(crash_at=at)
    ended = run.walk()
    assert isinstance(ended, Completed)
    assert ended.output["all"] == [0, 2, 4, 6, 8, 10]
    assert ended.output["seen"] == {"base": 1} | {f"k{i}": 2 * i for i in range(6)}
    assert most == [2]
    assert sum(run.effects.values()) <= 7


def test_a_loop_over_nothing_gives_an_empty_list() -> None:
    assert Run(EACH.replace("range(6)", "range(0)").replace("map(.is)", ".")).walk() == Completed(
        {"all": [], "seen": {"base": 1}}
    )


def test_end_in_a_branch_ends_the_workflow_once_all_are_through() -> None:
    run = Run(
        f"""do:
- together:
    fork:
      branches:
      - a: {{set: {{n: 1}}, then: end}}
      - b: {{do: [{{{call("b1")}}}]}}
- never: {{set: {{n: 9}}}}
"""
    )
    assert run.walk() == Completed([{"n": 1}, {"n": "b1"}])


@pytest.mark.parametrize(
    ("before", "branches", "after", "met"),
    [
        ({"x": 1}, {"a": {"x": 1, "a": 2}, "b": {"x": 1, "b": 3}}, {"x": 1, "a": 2, "b": 3}, {}),
        ({"x": 1}, {"a": {"x": 2}, "b": {"x": 1, "y": 1}}, {"x": 2, "y": 1}, {}),
        ({"x": 1}, {"a": {"x": 2}, "b": {"x": 3}}, {"x": 3}, {"x": ["a", "b"]}),
        ({"x": 1}, {"a": {"x": 2}, "b": {"x": 2}}, {"x": 2}, {}),
        ({"x": 1, "y": 1}, {"a": {"y": 1}, "b": {"x": 1, "y": 2}}, {"y": 2}, {}),
        ({"x": 1}, {"a": {}, "b": {"x": 5}}, {"x": 5}, {"x": ["a", "b"]}),
        ({"x": 1}, {"a": {"x": 5}, "b": {}}, {}, {"x": ["a", "b"]}),
        ({"x": 1}, {"a": [1], "b": {"x": 2}}, {"x": 2}, {}),
        ({"x": 1}, {"a": {"x": 2}, "b": [1]}, [1], {}),
        (None, {"a": {"x": 2}, "b": None}, {"x": 2}, {}),
        ({}, {}, {}, {}),
    ],
)
def test_contexts_are_merged_key_by_key_against_that_of_the_fork(
    before: Any, branches: dict[str, Any], after: Any, met: dict[str, list[str]]
) -> None:
    assert merged(before, branches) == (after, met)


def test_a_stale_copy_of_a_key_loses_nothing_and_a_conflict_is_noted() -> None:
    run = Run(
        """do:
- before: {set: {x: 1, y: 1}, export: {as: '${ . }'}}
- together:
    fork:
      branches:
      - a: {set: {n: 1}, export: {as: '${ $context + {x: 2, z: 1} }'}}
      - b: {set: {n: 2}, export: {as: '${ $context + {y: 3, z: 2} }'}}
- last: {set: '${ $context }'}
"""
    )
    assert run.walk() == Completed({"x": 2, "y": 3, "z": 2})
    assert Forked.of(run.step("/together")).conflicts == [{"key": "z", "branches": ["a", "b"]}]
