"""The words of an update: the documented examples are taken, prefixes and unspecified phases
understood.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from executions.intake.status_update import AGENT_ONLY, WORKFLOW_ONLY, StatusUpdate
from executions.states import Phase

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "external-runners.md"
EXAMPLES = re.findall(r"```json( agent)?\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)


def test_the_document_has_examples_of_both_kinds() -> None:
    assert {bool(kind) for kind, _ in EXAMPLES} == {True, False}


@pytest.mark.parametrize(("kind", "text"), EXAMPLES)
def test_each_example_of_the_document_is_taken(kind: str, text: str) -> None:
    update = StatusUpdate.model_validate(json.loads(text))
    assert not (WORKFLOW_ONLY if kind else AGENT_ONLY) & update.model_fields_set


@pytest.mark.parametrize(
    ("given", "phase"),
    [
        (None, None),
        ("", None),
        ("UNSPECIFIED", None),
        ("EXECUTION_PHASE_UNSPECIFIED", None),
        ("EXECUTION_FAILED", Phase.FAILED),
        ("FAILED", Phase.FAILED),
        ("EXECUTION_WAITING_FOR_APPROVAL", Phase.WAITING),
    ],
)
def test_phases_of_the_protocol_are_understood(given: Any, phase: Phase | None) -> None:
    assert StatusUpdate.model_validate({"sequence": 1, "phase": given}).to == phase


def test_an_output_that_is_given_as_null_is_given() -> None:
    assert StatusUpdate.model_validate({"sequence": 1, "output": None}).gives("output")
    assert not StatusUpdate.model_validate({"sequence": 1}).gives("output")


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"sequence": True},
        {"sequence": 1, "phase": "DONE"},
        {"sequence": 1, "metadata": {}},
        {"sequence": 1, "tasks": [{"status": "COMPLETED"}]},
        {"sequence": 1, "started_at": "2026-01-01T00:00:00"},
        {"sequence": 1, "tasks": [{"task_name": "a", "status": "COMPLETED"}] * 1001},
    ],
)
def test_anything_else_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        StatusUpdate.model_validate(given)


def test_a_time_before_1970_is_refused() -> None:
    with pytest.raises(ValidationError, match="not before 1970"):
        StatusUpdate.model_validate({"started_at": "0174-10-22T11:31:31Z"})
