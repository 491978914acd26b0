"""Editors read what a workflow file may hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from django.test import Client

EXAMPLES = sorted((Path(__file__).resolve().parents[2] / "examples").glob("*.yaml"))


@pytest.fixture(scope="module")
def schema() -> Any:
    answer = Client().get("/schema/workflow.json")
    assert answer.status_code == 200
    return json.loads(answer.content)


def test_anybody_may_read_the_schema(schema: dict[str, Any]) -> None:
    jsonschema_rs.meta.validate(schema)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_fit_the_schema(schema: dict[str, Any], example: Path) -> None:
    jsonschema_rs.validate(schema, yaml.safe_load(example.read_text()))
