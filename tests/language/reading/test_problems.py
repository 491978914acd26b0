from __future__ import annotations

import copy

import pytest

from executions.errors import StigmerError
from executions.language.reading.problems import DefinitionError, Problem, did_you_mean, shown
from executions.pointers import pointer_of


def test_a_problem_says_where_what_and_what_is_allowed() -> None:
    problem = Problem(
        12, 3, "/do/0/charge/with/method", "`method` is wrong", "GET or POST", "did you mean `GET`?"
    )
    assert (
        str(problem)
        == "line 12, /do/0/charge/with/method: `method` is wrong (expected GET or POST; did you"
        " mean `GET`?)"
    )


def test_a_problem_without_hints_ends_with_its_message() -> None:
    assert str(Problem(1, 1, "", "no document")) == "line 1, /: no document"


def test_a_problem_stays_one_line_whatever_the_keys_are() -> None:
    assert "\n" not in str(Problem(1, 1, "/a\nb\x1b[31m", "bad"))
    assert "\x1b" not in str(Problem(1, 1, "/a\nb\x1b[31m", "bad"))


def test_the_error_lists_every_problem_on_a_line_of_its_own() -> None:
    error = DefinitionError([Problem(1, 1, "/a", "one"), Problem(2, 1, "/b", "two")])
    assert str(error).splitlines() == ["line 1, /a: one", "line 2, /b: two"]
    assert isinstance(error, StigmerError)


def test_the_error_can_be_copied_with_its_problems() -> None:
    error = DefinitionError([Problem(1, 1, "/a", "one")])
    assert copy.copy(error).problems == error.problems


def test_a_pointer_escapes_what_json_pointers_escape() -> None:
    assert pointer_of(("a/b", 0, "c~d", "")) == "/a~1b/0/c~0d/"


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("metod", "did you mean `method`?"),
        ("METHOD", "did you mean `method`?"),
        ("xyz", ""),
        ("m" * 5000, ""),
    ],
)
def test_a_close_name_is_suggested(name: str, suggestion: str) -> None:
    assert did_you_mean(name, ["method", "endpoint"]) == suggestion


def test_a_long_value_is_cut_where_it_is_shown() -> None:
    assert len(shown("x" * 1000)) < 70
