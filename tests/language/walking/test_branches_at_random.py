"""Any tree of branches, in any order of outcomes, cut anywhere: the same output, and nothing twice.

Trees of forks, sequences, waits and calls are made at random; a reference that knows no journal
says what they give.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as some

from executions.language.walking.requests import Completed, Failed
from tests.language.walking.walking import Crash, Run

Tree = tuple[Any, ...]


def trees(depth: int = 3) -> some.SearchStrategy[Tree]:
    leaf = some.sampled_from([("call",), ("call",), ("set",), ("wait",), ("fails",)])
    if depth == 0:
        return leaf
    inner = trees(depth - 1)
    several = some.lists(inner, min_size=1, max_size=3)
    return some.one_of(
        leaf,
        several.map(lambda parts: ("do", *parts)),
        several.map(lambda parts: ("fork", *parts)),
        several.map(lambda parts: ("guard", *parts)),
        inner.map(lambda part: ("each", part)),
    )


@dataclass
class Written:
    """A tree as a workflow, and which calls it has."""

    names: Iterator[int] = field(default_factory=count)
    calls: int = 0

    def task(self, tree: Tree) -> dict[str, Any]:
        kind, *parts = tree
        if kind in ("call", "fails"):
            self.calls += 1
            arguments: dict[str, Any] = {"n": self.calls}
            if kind == "fails":
                arguments["fail"] = f"no {self.calls}"
            return {"call": "python", "with": {"function": "f", "arguments": arguments}}
        if kind == "set":
            return {"set": {"n": 0}}
        if kind == "wait":
            return {"do": [{"w": {"wait": "PT5S"}}, {"s": {"set": {"n": 1}}}]}
        if kind == "do":
            return {"do": self.listed(parts)}
        if kind == "guard":
            caught = {"do": [{"c": {"set": {"n": "caught"}}}]}
            return {"try": self.listed(parts), "catch": caught}
        if kind == "each":
            return {
                "for": {"in": "${ [1, 2, 3] }"},
                "do": self.listed(parts),
                "metadata": {"parallel": 2},
            }
        return {"fork": {"branches": self.listed(parts)}}

    def listed(self, parts: list[Tree]) -> list[dict[str, Any]]:
        return [{f"t{next(self.names)}": self.task(part)} for part in parts]


class Fails(Exception):
    """The reference: this part fails."""


def given_by(task: dict[str, Any]) -> Any:
    """What a task gives, by the words of the documentation. Raises Fails."""
    if "call" in task:
        arguments = task["with"]["arguments"]
        if "fail" in arguments:
            raise Fails
        return arguments
    if "set" in task:
        return task["set"]
    if "fork" in task:
        return joined([branch_of(each) for each in task["fork"]["branches"]])
    if "for" in task:
        return joined([task["do"]] * 3)
    if "try" in task:
        try:
            return of_list(task["try"])
        except Fails:
            return {"n": "caught"}
    return of_list(task["do"])


def branch_of(named: dict[str, Any]) -> list[dict[str, Any]]:
    return [named]


def of_list(tasks: list[dict[str, Any]]) -> Any:
    output: Any = None
    for named in tasks:
        (task,) = named.values()
        if "wait" not in task:
            output = given_by(task)
    return output


def joined(branches: list[list[dict[str, Any]]]) -> list[Any]:
    found, failed = [], False
    for branch in branches:
        try:
            found.append(of_list(branch))
        except Fails:
            failed = True
    if failed:
        raise Fails
    return found


@given(
    tree=trees(), seed=some.integers(0, 10_000), cuts=some.lists(some.integers(1, 12), max_size=3)
)
def test_a_tree_of_branches_gives_what_its_words_say_whatever_is_cut_and_whoever_is_first(
    tree: Tree, seed: int, cuts: list[int]
) -> None:
    written, random = Written(), Random(seed)
    tasks = [{"top": written.task(tree)}]
    run = Run("do: " + json.dumps(tasks) + "\n")
    run.turn = random.choice
    crashes = 0
    for at in cuts:
        try:
            run.walk(crash_at=at)
        except Crash:
            crashes += 1
    ended = run.walk()
    try:
        expected = of_list(tasks)
    except Fails:
        assert isinstance(ended, Failed)
    else:
        assert ended == Completed(expected)
    # A call is made once, and once more for a crash that may have met it.
    assert all(times <= 1 + crashes for times in run.effects.values())
    # Whoever walks it once more finds all of it in the journal.
    made = dict(run.effects)
    again = run.walk()
    assert dict(run.effects) == made
    assert type(again) is type(ended)
