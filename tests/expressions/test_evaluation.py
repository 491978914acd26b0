"""What expressions give: values, integers kept, one result, clear errors."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from executions.errors import ExpressionError
from executions.expressions import evaluate, is_expression, resolve, source_of, truthy

INTEGERS = [
    0,
    -1,
    2**53 + 1,
    2**63 - 1,
    2**63,
    -(2**63) - 1,
    2**64,
    int("1234567890" * 4),
    -(10**39) - 7,
]
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**40), 10**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
# The same identity in place and in a child.
IDENTITIES = [".", ". as $same | $same", "[.] | .[0]", "{a: .} | .a"]


def same(one: Any, other: Any) -> bool:
    """Equal in value and in kind: 1 is not 1.0."""
    return json.dumps(one) == json.dumps(other)


def alike(one: Any, other: Any) -> bool:
    """The same, but for floats that are whole: jq writes 1e22 as an integer."""
    if isinstance(other, float):
        return type(one) in (int, float) and float(one) == other
    if isinstance(other, list):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(other, dict):
        return list(one) == list(other) and all(map(alike, one.values(), other.values()))
    return same(one, other)


@pytest.mark.parametrize("number", [*INTEGERS, 1.0, -0.0, 1.5, 1e300])
@pytest.mark.parametrize("source", IDENTITIES)
def test_a_number_keeps_its_value_and_its_kind(source: str, number: float) -> None:
    assert same(evaluate(source, number, {}), number)


@pytest.mark.parametrize("number", INTEGERS)
@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("tostring", str),
        ("tojson | fromjson", lambda n: n),
        ('"\\(.)" | tonumber', lambda n: n),
        ("[., .] | unique", lambda n: [n]),
        ("{a: .} | .b = .a", lambda n: {"a": n, "b": n}),
        ("$context.n", lambda n: n),
        ("$context | .n", lambda n: n),
        ("[$context.n]", lambda n: [n]),
    ],
)
def test_integers_of_any_size_go_through(source: str, expected: Any, number: int) -> None:
    assert same(evaluate(source, number, {"context": {"n": number}}), expected(number))


def test_integers_of_any_size_are_compared_exactly() -> None:
    for number in INTEGERS:
        values = {"a": number, "b": number + 1}
        assert evaluate("[.a == .b, .a < .b, .a == .a]", values, {}) == [False, True, True]


def test_integers_written_in_an_expression_are_exact() -> None:
    for number in (2**53 + 1, 2**64, int("1234567890" * 4)):
        assert same(evaluate(f"[{number}]", None, {}), [number])
        assert same(evaluate(str(number), None, {}), number)


@pytest.mark.parametrize(
    ("source", "value", "expected"),
    [
        ("del(.[0, 2])", [1, 2, 3, 4], [2, 4]),
        ('[scan("[0-9]+")]', "a1b22", ["1", "22"]),
        ('join(",")', ["a", None, "b"], "a,,b"),
        ("10 % 3.7", None, 1),
        ('"\\(100/50)"', None, "2"),
        (".stats.count += 1", {}, {"stats": {"count": 1}}),
        (".a = 1", None, {"a": 1}),
        (".[2] = 1", None, [None, None, 1]),
        ("{seconds: (.n/2)}", {"n": 2}, {"seconds": 1}),
        ('test("B"; "i")', "abc", True),
        ("[nan, infinite]", None, [None, 1.7976931348623157e308]),
        ("[.[] as [$a] ?// $a | $a]", [[1], 2], [1, 2]),
        ("env, $ENV | length", None, None),
        ("[env, $ENV]", None, [{}, {}]),
        ('ltrimstr("a") | ascii_downcase', "aBC", "bc"),
        ("def length: 7; length", [], 7),
        ("@sh", "it's", "'it'\\''s'"),
    ],
)
def test_values_are_those_of_jq(source: str, value: Any, expected: Any) -> None:
    if expected is None:
        with pytest.raises(ExpressionError, match="more than one result"):
            evaluate(source, value, {})
    else:
        assert same(evaluate(source, value, {}), expected)


@settings(max_examples=150, deadline=None)
@given(JSON, st.sampled_from(IDENTITIES))
def test_any_json_value_comes_back_as_it_was(value: Any, source: str) -> None:
    assert alike(evaluate(source, value, {}), value)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (".a", 1),
        ("${ .a }", 1),
        (".missing.deeper", None),
        (".items[1].price", 3),
        ("$context.user.name", "Ada"),
        ('"Hello \\($context.user.name)"', "Hello Ada"),
        ("[.items[] | .price * 2] | add", 10),
        (".items | map(select(.price > 2)) | length", 1),
        (".missing // 5", 5),
        ("{a, total: (.items | length)}", {"a": 1, "total": 2}),
        ('if .a > 0 then "yes" else "no" end', "yes"),
        ("reduce .items[] as $item (0; . + $item.price)", 5),
        ("def double(f): f * 2; double(.a)", 2),
        ("[limit(3; repeat(1))]", [1, 1, 1]),
        (". as {a: $x} | $x", 1),
        ('try error("x") catch .', "x"),
        ("now | type", "number"),
        (". # a comment", {"a": 1, "items": [{"price": 2}, {"price": 3}]}),
        ("[.a, .a] | unique", [1]),
        ('@base64 "\\(.a)"', "MQ=="),
        ('{} | setpath(["a", "b"]; 1)', {"a": {"b": 1}}),
    ],
)
def test_expressions_give_what_jq_gives(source: str, expected: Any) -> None:
    value: dict[str, Any] = {"a": 1, "items": [{"price": 2}, {"price": 3}]}
    assert same(evaluate(source, value, {"context": {"user": {"name": "Ada"}}}), expected)


def test_a_uuid_is_random_and_the_same_throughout_one_evaluation() -> None:
    one, again = evaluate("[uuid, uuid]", None, {})
    assert one == again
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", one)
    assert evaluate("uuid", None, {}) != one


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("empty", "no result"),
        (".[]", "more than one result"),
        ("repeat(1)", "more than one result"),
        ("1 / 0", "cannot be divided because the divisor is zero"),
        ("{(1): 2}", "Cannot use number (1) as object key"),
        ('error("out of stock")', "out of stock"),
        (".[0].a", 'cannot read "a" of the number 1'),
        (". + {}", "cannot be added"),
        ("$nope", "unknown variable `$nope`"),
        ("lenght", "did you mean `length`"),
        ("1 +", "syntax error"),
    ],
)
def test_what_yields_no_value_says_why(source: str, words: str) -> None:
    with pytest.raises(ExpressionError, match=re.escape(words)):
        evaluate(source, [1, 2], {"context": {}})


@pytest.mark.parametrize("value", [float("nan"), {"a": float("inf")}, b"raw", "\ud800"])
def test_a_value_that_is_not_json_is_refused(value: Any) -> None:
    for source in (". as $x | $x", "[.] | .[0]"):
        with pytest.raises(ExpressionError):
            evaluate(source, value, {})


def test_only_what_a_program_reads_of_a_large_context_is_handed_over() -> None:
    class Counting(dict[str, Any]):
        reads = 0

        def __getitem__(self, key: str) -> Any:
            Counting.reads += 1
            return super().__getitem__(key)

        def __missing__(self, key: str) -> Any:
            raise KeyError(key)

    context = Counting({f"key{n}": n for n in range(1_000)})
    assert evaluate("$context.key7 + 1", None, {"context": context}) == 8
    assert Counting.reads <= 2


def test_expressions_inside_a_value_are_resolved_and_the_rest_stays_literal() -> None:
    template = {
        "a": "${ .n + 1 }",
        "b": ["plain", "${ $context }"],
        "c": "a ${ .n } b",
        "d": 5,
        "${ .n }": None,
    }
    assert resolve(template, {"n": 1}, {"context": [1]}) == {
        "a": 2,
        "b": ["plain", [1]],
        "c": "a ${ .n } b",
        "d": 5,
        "${ .n }": None,
    }


def test_a_whole_text_in_dollar_braces_is_an_expression() -> None:
    assert is_expression("${ .a }")
    assert is_expression(" ${.a\n} ")
    assert not is_expression("x ${ .a }")
    assert not is_expression(".a")
    assert not is_expression(None)
    assert source_of("${ {a: {b: 1}} }") == "{a: {b: 1}}"
    assert source_of(" .a ") == ".a"


def test_only_null_and_false_are_not_true() -> None:
    values: list[Any] = [None, False, 0, "", [], {}, True]
    assert [truthy(value) for value in values] == [False, False, *[True] * 5]
