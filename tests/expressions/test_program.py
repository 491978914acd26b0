"""What is found wrong with an expression before it ever runs."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from executions.expressions import check
from executions.expressions.tokens import NotReadable, tokenize


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("", "is empty"),
        ("$order", "unknown variable `$order` at column 1; known are $context, $input"),
        ("lenght", "unknown function `lenght` at column 1; did you mean `length`?"),
        ("map(.a; .b)", "takes 1 arguments, not 2"),
        (".a |", "syntax error in line 1, column 5: expected term at the end"),
        ("1 1", "column 3"),
        (".a\n| + 2", "line 2"),
        ("(.a", "'(' at column 1 is never closed"),
        (".a)", "')' at column 3 closes nothing"),
        ('"abc', "never closed"),
        ("'a'", "is not part of the jq language"),
        ("@base32", "unknown format `@base32`"),
        ('import "a" as a; .', "modules are not available"),
        (". as [$a] ?// $a | $a", "not available"),
        ("def length: 1; length", "cannot be defined anew"),
        ("x" * 20_000, "at most 16384"),
        ("(" * 100 + "1" + ")" * 100, "nested 100 levels"),
    ],
)
def test_each_problem_is_said_in_plain_words(source: str, words: str) -> None:
    assert any(words in problem for problem in check(source)), check(source)


def test_all_problems_are_said_at_once() -> None:
    assert len(check("lenght + $a + env")) == 3


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
    ],
)
def test_good_expressions_have_no_problems(source: str) -> None:
    assert check(source) == []


def test_loop_variables_are_known_where_they_are_named() -> None:
    assert check("$item + $index") != []
    assert check("$item + $index", extra_variables=("item", "index")) == []


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.sampled_from(list('.$@"\\()[]{}|,;:?+-*/%<>=# \nabdefinorty019')), max_size=40))
def test_no_text_makes_the_check_fail(source: str) -> None:
    assert isinstance(check(source), list)


def test_strings_with_interpolation_are_cut_into_their_parts() -> None:
    kinds = [(token.kind, token.text) for token in tokenize('"a\\(.b + "c")d"')]
    assert kinds == [
        ("string", "a"),
        ("open", "\\("),
        ("field", ".b"),
        ("operator", "+"),
        ("string", "c"),
        ("close", ")"),
        ("string", "d"),
    ]


def test_groups_that_cross_are_not_readable() -> None:
    with pytest.raises(NotReadable):
        tokenize("([)]")
