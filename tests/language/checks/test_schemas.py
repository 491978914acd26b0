from __future__ import annotations

import pytest

from tests.language.texts import only_problem, parsed


@pytest.mark.parametrize("place", ["input", "output", "export"])
def test_what_is_no_json_schema_is_refused(place: str) -> None:
    problem = only_problem(
        f"- a: {{set: {{x: 1}}, {place}: {{schema: {{document: {{type: objekt}}}}}}}}"
    )
    assert problem.pointer == f"/do/0/a/{place}/schema/document/type"
    assert problem.message.startswith("this is no valid JSON Schema: ")


@pytest.mark.parametrize(
    "reference", ["http://x.example/schema", "file:///etc/passwd", "order.json"]
)
def test_a_schema_cannot_refer_to_another_document(reference: str) -> None:
    top = f"input: {{schema: {{document: {{properties: {{a: {{$ref: '{reference}'}}}}}}}}}}"
    problem = only_problem("- a: {set: {x: 1}}", top)
    assert problem.pointer == "/input/schema/document/properties/a/$ref"


@pytest.mark.parametrize("reference", ["#/$defs/b", "#/$defs/a/0", "#b"])
def test_a_schema_cannot_refer_to_a_part_that_it_does_not_have(reference: str) -> None:
    top = (
        f"input: {{schema: {{document: {{$ref: '{reference}', $defs: {{a: {{type: object}}}}}}}}}}"
    )
    problem = only_problem("- a: {set: {x: 1}}", top)
    assert problem.pointer == "/input/schema/document/$ref"
    assert problem.message == f"the schema has nothing at `{reference}`"


def test_a_schema_can_refer_to_a_part_of_itself() -> None:
    parsed(
        "- a: {set: {x: 1}}",
        "input: {schema: {document: {$ref: '#/$defs/a', $defs: {a: {type: object}}}}}",
    )


def test_a_schema_cannot_be_fetched_yet() -> None:
    top = "input: {schema: {resource: {endpoint: 'https://x.example'}, document: {}}}"
    assert only_problem("- a: {set: {x: 1}}", top).message == "resource is not supported yet"
