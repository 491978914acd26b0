"""What a child is sent of the variables."""

from __future__ import annotations

import pytest

from executions.expressions.encoding import Encodings
from executions.expressions.evaluation import evaluate
from executions.expressions.mentions import Keys, made, mentioned


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (".", {}),
        ("$context.a", {"context": {"a"}}),
        ("$context.a.b + $context.c", {"context": {"a", "c"}}),
        ("$workflow.input + $task.name", {"workflow": {"input"}, "task": {"name"}}),
        ("$context", {"context": None}),
        ("$context.a + $context", {"context": None}),
        ("$context | keys", {"context": None}),
        ('$context["a"]', {"context": None}),
        ("$context .a", {"context": None}),
        ("$context?.a", {"context": None}),
        ("{$context}", {"context": None}),
        ('"\\($context.a)"', {"context": {"a"}}),
        ("# $context\n1", {"context": None}),
    ],
)
def test_the_keys_of_a_variable_are_those_that_follow_it(
    source: str, found: dict[str, Keys]
) -> None:
    assert mentioned(source) == found


def test_now_and_uuid_are_handed_in_where_their_names_are_seen() -> None:
    assert made("now - uuid") == ("now", "uuid")
    assert made("known, nowhere") == ()


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("$workflow | keys", ["definition", "id"]),
        ("[$workflow.id, $workflow.definition.x]", ["wex", 1]),
        ("[$workflow][0].definition", {"x": 1}),
        ("$workflow as $w | $w.id", "wex"),
        ("$workflow.absent == null", True),
        ('"\\($workflow.id)"', "wex"),
        ("1 as $workflow | $workflow", 1),
    ],
)
def test_a_part_is_as_good_as_the_whole(source: str, expected: object) -> None:
    variables = {"workflow": {"id": "wex", "definition": {"x": 1}}}
    assert evaluate(source, None, variables) == expected


def test_a_large_value_is_encoded_once() -> None:
    encodings = Encodings()
    value = {"rows": list(range(1_000))}
    assert encodings.encode(value) is encodings.encode(value)
    assert encodings.encode(dict(value)) == encodings.encode(value)


def test_encodings_do_not_grow_and_never_mistake_a_value_for_another() -> None:
    encodings = Encodings()
    for number in range(200):
        assert encodings.encode([number] * 500).startswith(f"[{number},".encode())
    assert len(encodings._kept) < 50
