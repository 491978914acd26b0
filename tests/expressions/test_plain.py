"""Plain programs, which are worked out in place, give what jq gives."""

from __future__ import annotations

import json
from typing import Any

import pytest

from executions import sealed
from executions.errors import ExpressionError
from executions.expressions import evaluate
from executions.expressions.plain import MOST_TOKENS, plain_program

PROGRAMS = [
    ".a + 1",
    ".a+1",
    ".a -1",
    ".a - .b - 1",
    ". + 1",
    ".a + .b + .c",
    '"Bearer " + .a',
    '.a + ":" + .b',
    "$context.a + 1",
    ".a == 1",
    ".a == null",
    '.a != "paid"',
    ".a.b >= 2",
    ".a <= .b",
    ".a > .b",
    '.a < "b"',
    ".a == .b",
    ".a and .b",
    ".a == 1 and .b == 1 or .c",
    ".a or .b == 1 and .c != 2",
    ".a // .b",
    ".a // .b // 0",
    '.a // "none"',
    ".a + 1 == .b // false",
    ".a | not",
    ".a == 1 | not",
    ".a | not | not",
    ".a | length",
    "(.a | length) > 0",
    "(.a | length) + 1 == 2",
    "(.a // 0) + 1",
    "((.a))",
    ".a\n\t== 1 ",
    "$context == 1",
    '.["a"] == .["b"]',
    ".a[0] == .b[1].c",
    ".and == 1",
    "1 + 2",
    '"é" + .a',
    "true",
    "null",
    '"text"',
]
OTHERS = [
    "",
    ".a +",
    "+ .a",
    ".a == 1 == 2",
    ".a = 1",
    ".a += 1",
    ".a -= 1",
    ".a //= 1",
    ".a |= 1",
    ".a * 2",
    ".a / 2",
    ".a ?// 1",
    ".a? + 1",
    ".a[] + 1",
    ".a[-1] + 1",
    ".a | length > 0",
    ".a | not == 1",
    ".a, .b",
    "-1 + .a",
    ".a + 1.5",
    ".a + 1e3",
    ".a + 007",
    ".a + 1000000000000000",
    '"\\(.a)" + "b"',
    '"a\\n" + .b',
    '@base64 "a" + .b',
    ".a + 1 # one",
    "..",
    ".a .b + 1",
    ". [0] + 1",
    "length > 0",
    "not",
    "truex + 1",
    "true::a + 1",
    ".a + nan",
    "(.a + 1",
    ".a + 1)",
    "$secrets.token == 1",
    ".é + 1",
    ".a\u00a0== 1",
    "(" * MOST_TOKENS + ".a" + ")" * MOST_TOKENS,
    ".a" + " + 1" * MOST_TOKENS,
]
VALUES: list[Any] = [
    None,
    False,
    True,
    0,
    1,
    2,
    -3,
    1.0,
    1.5,
    1e22,
    2**53 - 1,
    2**53,
    2**53 + 1,
    -(2**53),
    10**30,
    "",
    "a",
    "b",
    "paid",
    "é",
    "\U0001f600",
    "\uffff",
    [],
    [1, {"c": 2}],
    {},
    {"b": 2},
]


def outcome(source: str, document: Any) -> str:
    """The result as JSON, or what is wrong."""
    try:
        return json.dumps(evaluate(source, document, {"context": document}))
    except ExpressionError:
        return "error"


@pytest.mark.parametrize("source", PROGRAMS)
def test_a_plain_program_gives_what_jq_gives(source: str) -> None:
    assert plain_program(source) is not None
    for value in VALUES:
        document = {"a": value, "b": 2, "c": value}
        assert outcome(source, document) == outcome(f"({source}) | .", document), document


@pytest.mark.parametrize("source", OTHERS)
def test_whatever_is_more_goes_to_jq(source: str) -> None:
    assert plain_program(source) is None


def test_a_plain_program_needs_no_child(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> bytes:
        raise AssertionError("a child was asked")

    monkeypatch.setattr(sealed, "call", refuse)
    assert evaluate(".number + 1", {"number": 7}, {}) == 8
    assert evaluate(
        '${ .state == "paid" and $context.n > 0 }', {"state": "paid"}, {"context": {"n": 1}}
    )


@pytest.mark.parametrize(
    ("source", "document"),
    [
        (".a + 1", {"a": 0.1}),
        (".a + 1", {"a": "x"}),
        (".a + .b", {"a": 2**53 - 1, "b": 1}),
        (".a == .b", {"a": [], "b": []}),
        (".a < .b", {"a": 1, "b": "x"}),
        (".a + .a", {"a": "x" * 40_000}),
    ],
)
def test_what_jq_may_see_otherwise_is_left_to_jq(
    source: str, document: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    call = sealed.call

    def noted(operation: str, *args: Any, **options: Any) -> bytes:
        asked.append(operation)
        return call(operation, *args, **options)

    monkeypatch.setattr(sealed, "call", noted)
    outcome(source, document)
    assert asked == ["jq.run"]
