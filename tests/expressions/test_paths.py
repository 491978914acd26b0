"""Plain paths, which are read in place, give what jq gives."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from executions.errors import ExpressionError
from executions.expressions import evaluate
from executions.expressions.paths import path_program

PATHS = [
    ".",
    ".a",
    ".a.b",
    ".a.b.c",
    ".a[0]",
    ".[0]",
    ".[1].a",
    ".a[2][0]",
    '.["a"]',
    '.["x y"]',
    '.a["b"].c',
    '.["a"]["b"]',
    ".and",
    ".if.then",
    ". [0]",
    "$context",
    "$context.a",
    "$context[0]",
    '$context["a"].b',
    " .a ",
    ".a.[0]",
]
OTHERS = [
    ".a?",
    ". a",
    ".a[-1]",
    '."x y"',
    ".a .b",
    ".a[]",
    ".a[0:1]",
    '.["a", "b"]',
    ".a|.b",
    "..",
    "$context.a?",
    '.["\\u0061"]',
    ".a.",
    ".[1.5]",
    ".é",
]
DOCUMENTS: list[Any] = [
    None,
    True,
    0,
    1.5,
    10**30,
    "text",
    [],
    [[1], {"a": 2}, None],
    {},
    {"a": None, "x y": 3},
    {"a": {"b": {"c": 10**25}}, "and": 1, "if": {"then": 2}},
    {"a": [1, 2, [3]]},
    {"a": "text"},
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=8,
)


def outcome(source: str, document: Any) -> str:
    """The result as JSON, or that there is none."""
    try:
        return json.dumps(evaluate(source, document, {"context": document}))
    except ExpressionError:
        return "error"


@pytest.mark.parametrize("path", PATHS)
def test_a_path_read_in_place_gives_what_jq_gives(path: str) -> None:
    assert path_program(path) is not None or path == ". [0]"
    for document in DOCUMENTS:
        assert outcome(path, document) == outcome(f"{path} | .", document), document


@pytest.mark.parametrize("source", OTHERS)
def test_what_is_more_than_a_path_goes_to_jq(source: str) -> None:
    assert path_program(source) is None


@settings(max_examples=200, deadline=None)
@given(JSON, st.sampled_from(PATHS))
def test_any_path_of_any_document_gives_what_jq_gives(document: Any, path: str) -> None:
    assert outcome(path, document) == outcome(f"{path} | .", document)
