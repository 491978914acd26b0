"""What generators of clients need of the document beyond its being valid."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from executions.api.pages import document


def operations() -> Iterator[dict[str, Any]]:
    for path in document()["paths"].values():
        yield from path.values()


def test_each_operation_has_a_name_of_its_own():
    names = [each["operationId"] for each in operations()]
    assert len(names) == len(set(names)) and all(
        name.replace("-", "_").isidentifier() for name in names
    )


def test_a_body_that_may_be_left_out_says_so_and_has_no_default():
    bodies = {
        each["operationId"]: each["requestBody"] for each in operations() if "requestBody" in each
    }
    assert (
        not bodies["run-workflow"]["required"] and bodies["create-workflow-execution"]["required"]
    )
    assert all(
        "default" not in content["schema"]
        for body in bodies.values()
        for content in body["content"].values()
    )


def test_a_query_parameter_is_never_null():
    parameters = [each for operation in operations() for each in operation.get("parameters", ())]
    assert len(parameters) > 100
    assert not [each for each in parameters if {"type": "null"} in each["schema"].get("anyOf", [])]


def test_what_is_named_is_referred_to_by_its_name_and_nothing_is_left_over():
    schemas, text = document()["components"]["schemas"], json.dumps(document())
    assert [name for name in schemas if f'"#/components/schemas/{name}"' not in text] == []
    (phases,) = (each for each in operations() if each["operationId"] == "list-workflow-executions")
    (phase,) = (each for each in phases["parameters"] if each["name"] == "phase")
    assert phase["schema"]["items"] == {"$ref": "#/components/schemas/Phase"}
    assert schemas["Step"]["properties"]["status"] == {"$ref": "#/components/schemas/StepStatus"}


def test_whatever_is_a_moment_says_so():
    for name, schema in document()["components"]["schemas"].items():
        for field, found in schema.get("properties", {}).items():
            if field.endswith("_at"):
                assert "date-time" in json.dumps(found), (name, field)
