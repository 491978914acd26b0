from __future__ import annotations

from typing import Any

import pytest

from dashboard.run_form import InputProblem, RunForm, by_field, form_for, read, with_problems
from executions.errors import Finding


def form(**properties: Any) -> RunForm:
    schema = {"type": "object", "required": ["one"], "properties": properties}
    return form_for({"input": {"schema": {"document": schema}}})


def test_fields_follow_the_schema() -> None:
    made = form(
        one={"type": "string", "title": "The one", "description": "first"},
        two={"type": "integer", "default": 3},
        three={"enum": ["a", 2]},
        four={"type": "array"},
    )
    assert [(each.kind, each.is_required, each.text) for each in made.fields] == [
        ("text", True, ""),
        ("integer", False, "3"),
        ("choice", False, ""),
        ("json", False, ""),
    ]
    assert (made.fields[0].label, made.fields[0].hint) == ("The one", "first")


@pytest.mark.parametrize(
    "document", [{}, {"input": None}, {"input": {"schema": {"document": True}}}]
)
def test_without_a_schema_of_properties_the_input_is_json(document: dict[str, Any]) -> None:
    assert form_for(document).fields == ()


def test_texts_become_the_values_that_the_schema_means() -> None:
    made = form(
        one={"type": "string"},
        n={"type": "integer"},
        f={"type": "number"},
        b={"type": "boolean"},
        c={"enum": ["a", 2]},
        j={"type": "object"},
    )
    sent = {
        "field-one": "1",
        "field-n": "9007199254740993",
        "field-f": "0.5",
        "field-b": "on",
        "field-c": "2",
        "field-j": '{"x": [1]}',
    }
    expected = {"one": "1", "n": 9007199254740993, "f": 0.5, "b": True, "c": 2, "j": {"x": [1]}}
    assert read(made, sent) == expected


def test_what_was_left_empty_is_left_out() -> None:
    assert (
        read(form(one={"type": "string"}, n={"type": "integer"}), {"field-one": "", "field-n": ""})
        == {}
    )


@pytest.mark.parametrize(
    ("schema", "text", "says"),
    [
        ({"type": "integer"}, "1.5", "not a whole number"),
        ({"type": "number"}, "true", "not a number"),
        ({"type": "number"}, "NaN", "not a number"),
        ({"type": "object"}, "{x", "not JSON"),
        ({"enum": ["a"]}, "b", "Choose one of: a"),
    ],
)
def test_each_bad_text_is_explained_at_its_field(schema: Any, text: str, says: str) -> None:
    made = form(one=schema)
    with pytest.raises(InputProblem) as problem:
        read(made, {"field-one": text})
    again = with_problems(made, {"field-one": text}, problem.value.problems)
    assert says in again.fields[0].problem
    assert again.fields[0].text == text


def test_problems_of_the_schema_find_their_fields() -> None:
    findings = [
        Finding("/one", "This is required."),
        Finding("/two/0", "3 is not of type 'string'"),
        Finding("/two/1", "This is required."),
        Finding("/a~1b", "This field is not known."),
        Finding("", "nothing fits"),
    ]
    assert by_field(form(one={"type": "string"}, two={"type": "array"}), findings) == {
        "one": "This is required.",
        "two": "/0: 3 is not of type 'string' /1: This is required.",
        "": "/a~1b: This field is not known. Nothing fits",
    }


def test_constants_that_are_no_json_are_refused() -> None:
    with pytest.raises(InputProblem, match="not JSON"):
        read(RunForm(), {"json": "NaN"})
