"""The list of steps: branches and rounds in lists of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dashboard.trail import Group, Kind, Node, around, depth, list_id, tree


@dataclass
class Step:
    path: str
    superseded_by_id: object = None


def drawn(nodes: list[Node]) -> list[Any]:
    """Steps by their paths, groups as their kind and name with what they hold."""
    return [
        node.step.path
        if node.group is None
        else (f"{node.group.kind} {node.group.name}", drawn(node.nodes))
        for node in nodes
    ]


def test_without_branches_all_stay_as_they_came() -> None:
    assert drawn(tree([Step("/b"), Step("/a"), Step("/a/x")], (), {})) == ["/b", "/a", "/a/x"]


def test_branches_that_ran_at_the_same_time_stand_in_lists_of_their_own() -> None:
    paths = ("/f", "/f/a", "/f/b", "/f/a/x", "/f/b/y", "/f/a/z", "/after")
    assert drawn(tree([Step(path) for path in paths], {"/f"}, {})) == [
        "/f",
        ("branch a", ["/f/a", "/f/a/x", "/f/a/z"]),
        ("branch b", ["/f/b", "/f/b/y"]),
        "/after",
    ]


def test_of_forks_inside_of_forks_the_inner_one_stands_in_the_outer_one() -> None:
    paths = ("/f", "/f/a", "/f/b", "/f/a/p", "/f/a/q", "/f/a/p/x", "/f/b/y")
    assert drawn(tree([Step(path) for path in paths], {"/f", "/f/a"}, {})) == [
        "/f",
        ("branch a", ["/f/a", ("branch p", ["/f/a/p", "/f/a/p/x"]), ("branch q", ["/f/a/q"])]),
        ("branch b", ["/f/b", "/f/b/y"]),
    ]


def test_rounds_of_a_loop_are_counted_from_one() -> None:
    paths = ("/l", "/l/@0/x", "/l/@1/x", "/l/@0/y", "/after")
    assert drawn(tree([Step(path) for path in paths], (), {"/l": "said"})) == [
        "/l",
        ("loop l", [("round round 1", ["/l/@0/x", "/l/@0/y"]), ("round round 2", ["/l/@1/x"])]),
        "/after",
    ]


def test_a_loop_whose_rounds_are_not_shown_stands_folded_behind_its_step() -> None:
    nodes = tree([Step("/l"), Step("/after")], (), {"/l": "said"})
    assert drawn(nodes) == ["/l", ("loop l", []), "/after"]
    assert nodes[1].said == "said"
    # The step of a try before is no place for it.
    assert drawn(tree([Step("/l", superseded_by_id=1)], (), {"/l": "said"})) == ["/l"]


def test_what_a_task_is_called_cannot_make_a_group() -> None:
    # Names are escaped in paths: only loops write "@".
    assert around("/guard/try@2/charge", ()) == []
    assert around("/l/@3/m/@0/x", ()) == [
        Group(Kind.LOOP, "/l"),
        Group(Kind.ROUND, "/l/@3"),
        Group(Kind.LOOP, "/l/@3/m"),
        Group(Kind.ROUND, "/l/@3/m/@0"),
    ]


def test_depth_is_counted_from_the_list_in_which_a_step_stands() -> None:
    assert depth("/a/b/c", []) == 2
    assert depth("/f/a/x", around("/f/a/x", {"/f"})) == 1
    assert depth("/l/@3/x", around("/l/@3/x", ())) == 0
    assert depth("/a/b/c/d/e/f/g", []) == 4


def test_ids_of_lists_hold_nothing_of_what_a_path_holds() -> None:
    groups = around('/l"><script>/@0/x', ())
    assert list_id([]) == "steps"
    assert list_id(groups).removeprefix("in-round-").isalnum()


def test_the_step_that_works_out_the_input_is_no_round() -> None:
    assert around("/@input", ()) == []
    assert drawn(tree([Step("/@input"), Step("/a")], (), {})) == ["/@input", "/a"]
