"""The OpenAPI document: valid, published, and the copy in docs/ is the newest."""

from __future__ import annotations

import json
from pathlib import Path

from openapi_spec_validator import validate

from executions.api.build import api
from executions.api.pages import document

COPY = Path(__file__).resolve().parents[2] / "docs" / "openapi.json"


def test_the_document_is_valid_openapi_3_1_and_anybody_may_read_it(client):
    response = client.get("/api/v1/openapi.json")
    published = response.json()
    assert published["openapi"].startswith("3.1")
    validate(published)


def test_every_operation_has_a_summary_and_its_problems():
    operations = [operation for path in document()["paths"].values() for operation in path.values()]
    assert len(operations) == len(list(api.operations()))
    for operation in operations:
        assert operation["summary"]
        assert {"400", "401", "404", "500", "503"} <= operation["responses"].keys()


def test_the_copy_in_docs_is_the_newest():
    """Renew it with `python -m executions.api`."""
    assert json.loads(COPY.read_text()) == document()
