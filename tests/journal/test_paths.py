"""Paths of steps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executions.journal.paths import (
    ancestors,
    catch_path,
    escape,
    is_inside,
    iteration_path,
    task_path,
    try_number,
    try_path,
    unescape,
)


@given(st.text())
def test_a_name_comes_back_from_its_segment(name):
    assert unescape(escape(name)) == name
    assert not set(escape(name)) & set("/@#")


@given(st.text(min_size=1), st.text(min_size=1))
def test_two_names_never_share_a_path(one, other):
    assert (task_path("", one, 1) == task_path("", other, 1)) is (one == other)


def test_visits_iterations_tries_and_catches_have_segments_of_their_own():
    assert task_path("/a", "b/c", 2) == "/a/b~1c#2"
    assert iteration_path("/a", 3) == "/a/@3"
    assert try_path("/a", 2) == "/a/try@2"
    assert catch_path("/a", 1) == "/a/catch@1"


def test_the_ancestors_stand_nearest_first():
    assert ancestors("/a/@0/b#2") == ["/a/@0", "/a"]
    assert ancestors("/a") == []
    assert ancestors("") == []


@pytest.mark.parametrize(
    ("path", "ancestor", "inside"),
    [("/a/b", "/a", True), ("/ab", "/a", False), ("/a", "", True), ("/a", "/a", False)],
)
def test_a_path_is_inside_what_stands_above_it(path, ancestor, inside):
    assert is_inside(path, ancestor) is inside


@pytest.mark.parametrize(
    ("path", "number"),
    [
        ("/g/try@3/x", 3),
        ("/g/try@12", 12),
        ("/g/catch@1/x", None),
        ("/g", None),
        ("/h/try@1/x", None),
    ],
)
def test_a_path_tells_in_which_try_it_stands(path, number):
    assert try_number(path, "/g") == number
