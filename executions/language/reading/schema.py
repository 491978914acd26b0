"""The JSON Schema of what we accept, for editors."""

from __future__ import annotations

from functools import cache
from typing import Any

from executions.language.model.workflow import Workflow


@cache
def _published() -> dict[str, Any]:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Workflow.model_json_schema(by_alias=True, mode="validation"),
        "title": "Stigmer workflow (Serverless Workflow DSL 1.0)",
    }


def json_schema() -> dict[str, Any]:
    """The schema (draft 2020-12).

    ``x-names`` says for editors what is named there: ``functions``, ``workflows``, ``agents``,
    ``tasks`` of the same list, or what the text itself declares at this pointer.

    A workflow that it accepts may still be refused: it cannot see references and expressions.
    """
    return dict(_published())
