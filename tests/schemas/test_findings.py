"""What does not fit a schema is told in words: where it is, and what was expected there."""

from __future__ import annotations

from typing import Any

import pytest

from executions import schemas

ORDER = {
    "type": "object",
    "required": ["id", 'it\'s "so"'],
    "properties": {
        "id": {"type": "integer"},
        "lines": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["qty"],
                "additionalProperties": False,
                "properties": {"qty": {"type": "integer", "minimum": 1}},
                "patternProperties": {"^x-": {}},
            },
        },
    },
}
SHAPES = {
    "oneOf": [
        {
            "properties": {"kind": {"const": "card"}, "number": {"type": "string"}},
            "required": ["kind", "number"],
        },
        {"properties": {"kind": {"const": "cash"}}, "required": ["kind"]},
    ]
}


def found(schema: Any, value: Any, **options: Any) -> dict[str, str]:
    problems = schemas.problems(schema, value, owner="1", seconds=2.0, **options)
    return {each.pointer: each.message for each in problems}


def test_every_finding_points_at_the_field_that_it_is_about() -> None:
    assert found(ORDER, {"lines": [{"qty": 1, "x-note": 1}, {"qty": 0, "a/b": 1}, {}]}) == {
        "/id": "This is required.",
        '/it\'s "so"': "This is required.",
        "/lines/1/qty": "0 is less than the minimum of 1",
        "/lines/1/a~1b": "This field is not known.",
        "/lines/2/qty": "This is required.",
    }


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        ({"type": "object"}, [], {"": '[] is not of type "object"'}),
        (
            {"properties": {"qty": {"type": "integer"}}},
            {"qty": "3"},
            {"/qty": '"3" is not of type "integer"'},
        ),
        ({"enum": ["a", "b"]}, "c", {"": '"c" is not one of "a" or "b"'}),
        ({"enum": [1, "b", None, {"c": 2}]}, 0, {"": '0 is not one of 1, "b", null or {"c": 2}'}),
        ({"enum": []}, 0, {"": "0 is not one of nothing"}),
        ({"const": {"a": 1}}, 2, {"": '{"a":1} was expected'}),
        ({"pattern": "^[A-Z]{2}$"}, "abc", {"": '"abc" does not match "^[A-Z]{2}$"'}),
        ({"minItems": 2}, [1], {"": "[1] has less than 2 items"}),
        ({"uniqueItems": True}, [1, 1], {"": "[1,1] has non-unique elements"}),
        ({"format": "email"}, "x", {"": '"x" is no valid "email"'}),
        ({"format": "date-time"}, "today", {"": '"today" is no valid "date-time"'}),
        ({"multipleOf": 0.01}, 0.075, {"": "0.075 is not a multiple of 0.01"}),
        ({"properties": {"a": False}}, {"a": 1}, {"/a": "nothing is allowed here, not even 1"}),
        (
            {"unevaluatedProperties": False},
            {"a": 1, "b": 2},
            {f"/{n}": "This field is not known." for n in "ab"},
        ),
        (
            {"additionalProperties": False},
            {"a": 1, "b": 2},
            {f"/{n}": "This field is not known." for n in "ab"},
        ),
        (
            {"properties": {"o": {"additionalProperties": False}}},
            {"o": {"a/b": 1}},
            {"/o/a~1b": "This field is not known."},
        ),
        ({"dependentRequired": {"a": ["b"]}}, {"a": 1}, {"/b": "This is required."}),
        (
            {"propertyNames": {"pattern": "^x"}},
            {"y": 1},
            {"": 'the name of a field: "y" does not match "^x"'},
        ),
        (
            {"anyOf": [{"type": "string"}, {"type": "integer"}]},
            5.5,
            {"": '5.5 is not of type "string" or "integer"'},
        ),
    ],
)
def test_the_words_say_what_was_expected(schema: Any, value: Any, expected: dict[str, str]) -> None:
    assert found(schema, value) == expected


@pytest.mark.parametrize(
    ("value", "pointer", "message"),
    [
        ({"kind": "card"}, "/number", "This is required."),
        ({"kind": "card", "number": 5}, "/number", '5 is not of type "string"'),
        ({}, "/kind", "This is required."),
    ],
)
def test_of_several_shapes_the_nearest_tells_what_is_wrong(
    value: Any, pointer: str, message: str
) -> None:
    (told,) = found(SHAPES, value).items()
    assert told[0] == pointer
    assert told[1] == f"{message} (none of the 2 shapes fits; this is the nearest)"


def test_a_huge_value_is_not_repeated_and_does_not_hide_what_is_wrong_with_it() -> None:
    (told,) = found({"maxLength": 5}, "x" * 300_000).values()
    assert len(told) <= 300 and told.endswith("is longer than 5 characters")
    assert len(found({"items": {"type": "string"}}, list(range(1000)))) == 10


def test_values_are_left_out_where_a_secret_may_be_in_them() -> None:
    told = found({"properties": {"a": {"type": "integer"}}}, {"a": "hunter2"}, hides_values=True)
    assert told == {"/a": '[hidden] is not of type "integer"'}
    shapes = {
        "anyOf": [
            {"type": "integer"},
            {"properties": {"k": {"const": 1}}, "required": ["k"], "type": "object"},
        ]
    }
    assert "hunter2" not in str(found(shapes, "hunter2", hides_values=True))


@pytest.mark.parametrize("value", [10**400, -(10**300) + 1, 2**64, 1e308, 12345678901234567890])
def test_numbers_of_any_size_are_checked(value: float) -> None:
    assert found({"type": "number", "minimum": -(10**500)}, value) == {}
    assert found({"type": "string"}, value)


@pytest.mark.parametrize("draft", ["4", "6", "7"])
def test_older_drafts_are_understood(draft: str) -> None:
    schema = {"$schema": f"http://json-schema.org/draft-0{draft}/schema#", "type": "integer"}
    assert found(schema, 1) == {} and found(schema, "x")
    exclusive = (
        {**schema, "maximum": 5, "exclusiveMaximum": True}
        if draft == "4"
        else {**schema, "exclusiveMaximum": 5}
    )
    assert found(exclusive, 5)
