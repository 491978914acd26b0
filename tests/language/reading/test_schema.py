from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema_rs import Draft202012Validator, meta

from executions.language import json_schema, parse
from executions.language.reading.yaml import read
from tests.language.forms import FORMS
from tests.language.reading.test_explain import TASK_PROBLEMS
from tests.language.reading.test_parser import ORDER
from tests.language.texts import workflow

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").rglob("*.yaml"))
# The schema describes shapes: what a text says only the parser can judge.
SHAPES = [
    tasks
    for tasks, _, message, *_ in TASK_PROBLEMS
    if "PT30S" not in message and "${" not in message
]


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    return Draft202012Validator(json_schema())


def test_what_is_published_is_a_json_schema() -> None:
    meta.validate(json_schema())
    assert json_schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert "<" not in json.dumps(list(json_schema()["$defs"]))


def test_a_whole_workflow_fits_the_schema(validator: Draft202012Validator) -> None:
    validator.validate(parse(ORDER).document)


def test_every_example_is_good_and_fits_the_schema(validator: Draft202012Validator) -> None:
    for path in EXAMPLES:
        text = path.read_text()
        if text.startswith("document:") or "\ndocument:" in text:
            validator.validate(parse(text).document)


@pytest.mark.parametrize("name", FORMS)
def test_every_form_of_the_specification_fits_the_schema(
    name: str, validator: Draft202012Validator
) -> None:
    validator.validate(parse(FORMS[name]).document)


@pytest.mark.parametrize("tasks", SHAPES)
def test_a_task_of_the_wrong_shape_does_not_fit_the_schema(
    tasks: str, validator: Draft202012Validator
) -> None:
    assert not validator.is_valid(read(workflow(tasks)).document)


@pytest.mark.parametrize("key", ["schedule", "typo"])
def test_an_unknown_key_does_not_fit_the_schema(key: str, validator: Draft202012Validator) -> None:
    assert not validator.is_valid({**parse(ORDER).document, key: {}})


def test_the_schema_is_a_fresh_object_each_time() -> None:
    json_schema()["title"] = "changed"
    assert json_schema()["title"] != "changed"
