"""What is found wrong with an expression before it ever runs."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from executions.expressions import check, warnings


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("", "is empty"),
        (" \n", "is empty"),
        ("$order", "unknown variable `$order` at column 1; known are $context, $input"),
        ("lenght", "unknown function `lenght` at column 1; did you mean `length`?"),
        ('"é" | lenght', "unknown function `lenght` at column 7"),
        ('"é"\n| lenght', "unknown function `lenght` at line 2, column 3"),
        ("$context.a | lenght", "unknown function `lenght` at column 14"),
        ("now | lenght", "unknown function `lenght` at column 7"),
        ("map(.a; .b)", "`map` at column 1 takes 1 argument, not 2"),
        ("range(.a; .b; .c; .d)", "`range` at column 1 takes 1 or 2 or 3 arguments, not 4"),
        (".a |", "the expression ends too early"),
        ("1 1", "syntax error at column 3: unexpected `1`"),
        (".a\n| + 2", "syntax error at line 2, column 3: unexpected `+ 2`"),
        ("(.a", "ends too early: `)` is missing"),
        ("{a: 1", "ends too early: `}` is missing"),
        (".a)", "syntax error at column 3: unexpected `)`"),
        ('"abc', 'a `"` is never closed'),
        ("'a'", "syntax error at column 1: unexpected `'a'`"),
        ('import "a" as a; .', "`import` at column 1: modules are not available"),
        ('include "a"; .', "`include` at column 1: modules are not available"),
        ("break $out", "has no `label $out` around it"),
        ("$__now", "unknown variable `$__now`"),
        ("$__prog_args", "unknown variable"),
        ("x" * 20_000, "at most 16384"),
        ("a\0b", "has a NUL at column 2"),
        ("\ud800", "is not text at column 1"),
        ("1) | def tojson: 7; (2", "syntax error at column 2: unexpected `)"),
        ("1) | tojson, (2", "syntax error at column 2: unexpected `)"),
    ],
)
def test_each_problem_is_said_in_plain_words(source: str, words: str) -> None:
    assert any(words in problem for problem in check(source)), check(source)


def test_all_problems_are_said_at_once() -> None:
    assert len(check("lenght + $a + lengthh")) == 3


@pytest.mark.parametrize(
    "source",
    [
        ".",
        "$context.a + $input.b + $output + $secrets.c + $workflow.id + $runtime.name + $task.name",
        ". as $x | $x",
        "reduce .[] as [$a, {b: $c}] (0; . + $a + $c)",
        "label $out | 1, break $out",
        "def f(g; $x): g + $x; f(.a; 1)",
        '{a, "b": 1, "c\\(1)": 2, (.d): 3, if: 4, and: 5, $input, @base64 "e": 6}',
        ".if.and.or.then",
        "now, uuid",
        "limit(3; .[])",
        "@json, @sh, @uri",
        '.["a"].b?[1:2]',
        "..",
        "1 #\\",
        "1 # a comment",
        "# a comment\n1",
        ". as [$a] ?// $a | $a",
        "def uuid: 1; uuid",
        "$__loc__",
    ],
)
def test_good_expressions_have_no_problems(source: str) -> None:
    assert check(source) == []


def test_loop_variables_are_known_where_they_are_named() -> None:
    assert check("$item + $index") != []
    assert check("$item + $index", extra_variables=("item", "index")) == []


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from(list('.$@"\\()[]{}|,;:?+-*/%<>=# \nabdefinorty019é')), max_size=40))
def test_no_text_makes_the_check_fail(source: str) -> None:
    assert isinstance(check(source), list)


def test_what_does_not_compile_in_time_is_said_and_asked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bomb = "+".join([".a"] * 5_000)
    monkeypatch.setattr("executions.expressions.checking.EVALUATION_SECONDS", 0.1)
    for _ in range(2):
        assert "did not end within 0.1 s" in check(bomb)[0]


@pytest.mark.parametrize(
    ("source", "words"),
    [("nan", "becomes null"), ("[infinite]", "the largest number"), ("1 + -nan", "becomes null")],
)
def test_numbers_that_json_lacks_are_warned_about(source: str, words: str) -> None:
    assert words in warnings(source)[0]


@pytest.mark.parametrize("source", [".nan", "$nan", "{nan: 1}", "isnan", ".a.infinite"])
def test_names_that_only_look_like_them_are_not(source: str) -> None:
    assert warnings(source) == []
