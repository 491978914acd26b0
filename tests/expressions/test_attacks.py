"""Expressions that would hang, eat memory, look around or break out: refused or harmless, each
beside a plain expression of somebody else, which gets its answer.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from typing import Any

import pytest

from executions import sealed
from executions.errors import ExpressionError
from executions.expressions import check, evaluate
from executions.expressions.encoding import decode

FOR_EVER = [
    "def f: f; f",
    "def f(g): f(g); f(1)",
    "1 | until(false; .)",
    "last(range(1e12))",
    "reduce range(1e12) as $i (0; . + $i)",
    "last(limit(30000000; repeat(1)))",
    "[limit(30000000; repeat(1))] | length",
    "first(repeat(1) | select(. == 2))",
    "label $out | foreach repeat(1) as $i (0; . + 1; if . < 0 then ., break $out else empty end)",
    "[range(1e4)] | combinations(3) | select(false)",
    "isempty(range(1e12) | select(. < 0))",
    "[while(true; .)] | length",
    "[range(1e5)] as $x | [$x[] | $x | sort | length] | add",
]
TOO_MUCH = [
    "[range(1e9)]",
    "def f: 1 + f; f",
    "[limit(1e9; repeat(1))]",
    '"x" * 300000000',
    "[[], 100000000] | .[0] | setpath([100000000]; 1)",
    ".[536870911] = 1",
    '"x" | until(false; . + .)',
    "[1] | until(false; . + .)",
    "{a: 1} | until(false; {a: ., b: .}) ",
    "def f(x): f(x | x); f(.)",
    "reduce range(100000) as $i (0; [.])",
]
CATASTROPHES = [
    '"\\("a" * 30)!" | test("^(a+)+$")',
    '"\\("a" * 30)!" | [scan("(a|aa)+$")]',
    '"\\("a" * 30)!" | sub("(a*)*b"; "x")',
    '"\\("x" * 20000)" | test("(x+x+)+y")',
    '"a" | test("(?<a>" * 1000)',
]
HARMLESS = [
    ("env", {}),
    ("$ENV", {}),
    ("[env.PATH, $ENV.HOME]", [None, None]),
    ("env | length", 0),
    ("debug", None),
    ('debug("x")', None),
    ("stderr", None),
    ("input_filename", None),
    ("get_search_list", []),
    ("$__loc__", {"file": "<top-level>", "line": 1}),
    ("def tojson: 7; .", None),
    ("def tojson: 7; tojson", 7),
    ("1 | tojson", "1"),
    ("[1114112, 55296, -1] | try implode catch 0", "\ufffd\ufffd\ufffd"),
    ("# \\\n{\nenv\n# \\\n}", {}),
    ("#\r{\nenv\n#\r}", {}),
    ("1 #\\\n) | (2", 1),
    ("[inputs]", []),
    ("getpath([0, 1])", None),
    ("$__loc__.x.y?", None),
    ("ltrimstr(1)? // 5", 5),
    ('"it\'s" | @sh', "'it'\\''s'"),
    ("1, halt", 1),
    ('0 | strflocaltime("%Z")', "UTC"),
    ("0 | localtime | mktime", 0),
    ("now | type", "number"),
    ('"$__prog_args"', "$__prog_args"),
    ('{"__proto__": 1}', {"__proto__": 1}),
    ("[{a: if true then 1, env, 2 else 3 end}]", [{"a": 1}, {"a": {}}, {"a": 2}]),
]
REFUSED = [
    "halt",
    "halt_error",
    '"bye" | halt_error(3)',
    "[{a: if true then halt else 3 end}]",
    "input",
    "inputs",
    "input_line_number",
    '"jq" | modulemeta',
    '"/etc/passwd" | modulemeta',
    'import "a" as a; a::b',
    'import "/etc/passwd" as $x; $x',
    'import "a" as a {search: "/etc"}; .',
    'include "a"; .',
    'include "/etc/shadow" {search: "/"}; .',
    "a::env",
    "$__prog_args",
    "$__prog_name",
    "$__now",
    "$ARGS",
    "1) | def tojson: 7; (2",
    "1) | tojson, (2",
    "1)) | ((2",
    "1] | [2",
    "1\n\n) | tojson, (1",
    '"\\(1) | tojson, (2',
    "1) as $x | ($x",
    "1); def tojson: 7; (2",
    "def f: 1;",
    "error(null)",
    "splits(1)",
    "ascii",
    "getpath(1)",
    "@yaml",
    "fromjson",
    "\0",
    "1\0)",
    "%",
]
DEEP: list[Callable[[int], str]] = [
    lambda n: "(" * n + "1" + ")" * n,
    lambda n: "[" * n + "]" * n,
    lambda n: "-" * n + "1",
    lambda n: "|".join(["."] * n),
    lambda n: ". as $x|" * n + "1",
    lambda n: "if . then " * n + "1" + " end" * n,
    lambda n: '"\\(' * n + "1" + ')"' * n,
    lambda n: "try " * n + "1",
    lambda n: "def f:" * n + "1" + ";f" * n,
    lambda n: "." + "?" * n,
    lambda n: "." + "[0]" * n,
    lambda n: "+".join([".a"] * n),
    lambda n: "{a:" * n + "1" + "}" * n,
    lambda n: "reduce . as $x (1; " * n + "1" + ")" * n,
    lambda n: ".a" * n + "=1",
]


def beside(attack: Callable[[], Any]) -> Any:
    """Make an attack in a thread while somebody else evaluates; what came of the attack."""
    with ThreadPoolExecutor(1) as threads:
        made = threads.submit(attack)
        others = 0
        while not made.done() or others == 0:
            assert evaluate(". + 1", others, {}, owner="somebody else") == others + 1
            others += 1
            wait([made], timeout=0.02)
        return made.result()


def refused(source: str, value: Any = None, seconds: float = 0.3) -> str:
    """The words with which an expression is refused; fails if it has a value."""

    def attack() -> str:
        with pytest.raises(ExpressionError) as problem:
            evaluate(source, value, {}, deadline_seconds=seconds, owner="eve")
        return str(problem.value)

    return str(beside(attack))


@pytest.mark.parametrize("source", FOR_EVER)
def test_an_expression_without_end_is_stopped(source: str) -> None:
    assert "did not end within 0.3 s" in refused(source)


@pytest.mark.parametrize("source", TOO_MUCH)
def test_an_expression_that_eats_memory_is_stopped(source: str) -> None:
    words = refused(source, seconds=1.5)
    known = ("memory", "too large", "too long", "did not end", "levels deep", "not JSON", "result")
    assert any(word in words for word in known), words


@pytest.mark.parametrize("source", CATASTROPHES)
def test_a_catastrophic_pattern_ends(source: str) -> None:
    def attack() -> None:
        with suppress(ExpressionError):
            evaluate(source, None, {}, owner="eve")

    beside(attack)


@pytest.mark.parametrize(("source", "result"), HARMLESS)
def test_what_would_show_or_touch_the_worker_does_nothing(source: str, result: Any) -> None:
    def attack() -> Any:
        return evaluate(source, None, {}, owner="eve")

    found = beside(attack)
    assert found == result


@pytest.mark.parametrize("source", REFUSED)
def test_what_has_no_sense_in_a_workflow_is_refused(source: str) -> None:
    assert refused(source)


@pytest.mark.parametrize("source", ["1 #\\", "1 #\\\n", "1 # \\\r", "1 #\\\\", "1 #", "# a\n1\n#b"])
def test_comments_do_not_swallow_the_frame(source: str) -> None:
    assert evaluate(source, None, {}) == 1


@pytest.mark.parametrize("make", DEEP)
@pytest.mark.parametrize("size", [60, 1_500])
def test_deep_nesting_is_refused_or_works_but_harms_nobody(
    make: Callable[[int], str], size: int
) -> None:
    def attack() -> list[str]:
        problems = check(make(size), owner="eve")
        try:
            evaluate(make(size), None, {}, owner="eve")
        except ExpressionError as problem:
            problems.append(str(problem))
        return problems

    assert all(isinstance(words, str) for words in beside(attack))


def test_neighbours_of_many_attacks_get_their_results() -> None:
    def attack(number: int) -> str:
        return refused(f"def f: f; f # {number}", seconds=0.1)

    with ThreadPoolExecutor(10) as threads:
        attacks = [threads.submit(attack, number) for number in range(6)]
        tame = [
            threads.submit(evaluate, f"[{n}, .]", n, {}, owner=f"owner {n % 5}") for n in range(60)
        ]
        assert [one.result() for one in tame] == [[n, n] for n in range(60)]
        assert all("did not end" in one.result() for one in attacks)


def test_a_result_larger_than_the_limit_is_refused() -> None:
    sealed.configure(sealed.Limits(max_answer_bytes=1_000))
    try:
        with pytest.raises(ExpressionError, match="too large"):
            evaluate("[range(1000)]", None, {})
    finally:
        sealed.configure(sealed.Limits())


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"1 2",
        b"NaN",
        b"Infinity",
        b"\xff",
        b'"\\ud800"',
        b"[" * 100_000,
        b"[" * 202 + b"]" * 202,
        b"1e999",
        b'{"a": [-1E+400]}',
        b"9" * 5_000,
        b"'a'",
    ],
)
def test_bytes_of_a_child_that_was_taken_over_are_refused(text: bytes) -> None:
    with pytest.raises(ExpressionError):
        decode(text)
