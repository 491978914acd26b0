"""Steps in the order of their branches: what belongs together stands together, in lanes."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.lanes import Lane, arranged


@dataclass
class Step:
    path: str


def lanes_of(*paths: str, forks: tuple[str, ...]) -> list[tuple[str, int | None, str]]:
    found = arranged([Step(path) for path in paths], frozenset(forks))
    return [
        (step.path, lane.number if lane else None, lane.name if lane else "")
        for step, lane in found
    ]


def test_without_branches_all_stay_as_they_came() -> None:
    assert arranged([Step("/b"), Step("/a")], ()) == [(Step("/b"), None), (Step("/a"), None)]


def test_branches_that_ran_at_the_same_time_stand_one_below_the_other() -> None:
    paths = ("/f", "/f/a", "/f/b", "/f/a/x", "/f/b/y", "/f/a/z", "/after")
    assert lanes_of(*paths, forks=("/f",)) == [
        ("/f", None, ""),
        ("/f/a", 0, "a"),
        ("/f/a/x", 0, ""),
        ("/f/a/z", 0, ""),
        ("/f/b", 1, "b"),
        ("/f/b/y", 1, ""),
        ("/after", None, ""),
    ]


def test_rounds_of_a_loop_are_counted_from_one() -> None:
    assert lanes_of("/l", "/l/@0/x", "/l/@1/x", "/l/@0/y", forks=("/l",)) == [
        ("/l", None, ""),
        ("/l/@0/x", 0, "round 1"),
        ("/l/@0/y", 0, ""),
        ("/l/@1/x", 1, "round 2"),
    ]


def test_of_forks_inside_of_forks_the_innermost_counts() -> None:
    paths = ("/f", "/f/a", "/f/b", "/f/a/p", "/f/a/q", "/f/a/p/x", "/f/b/y")
    assert lanes_of(*paths, forks=("/f", "/f/a")) == [
        ("/f", None, ""),
        ("/f/a", 0, "a"),
        ("/f/a/p", 0, "p"),
        ("/f/a/p/x", 0, ""),
        ("/f/a/q", 1, "q"),
        ("/f/b", 1, "b"),
        ("/f/b/y", 1, ""),
    ]


def test_a_lane_is_odd_or_even() -> None:
    assert [Lane(number).is_odd for number in range(3)] == [False, True, False]
