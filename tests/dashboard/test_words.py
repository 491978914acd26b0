"""Words for people: every event has some, and they say no more than what happened."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dashboard import words
from executions.cli.display import history

EXECUTIONS = Path(words.__file__).parent.parent / "executions"


def _events() -> set[str]:
    """Every name of an event that the source writes out."""
    texts = (path.read_text() for path in EXECUTIONS.rglob("*.py") if "migrations" not in path.parts)
    found = {name for text in texts for name in re.findall(r'"(WORKFLOW_[A-Z_]+[A-Z])"', text)}
    return found - {"WORKFLOW_TASK"}


@pytest.mark.parametrize("name", sorted(_events()))
def test_every_event_has_words_on_the_page_and_in_the_command(name):
    assert name in words.EVENTS
    assert name in history._EVENTS


@pytest.mark.parametrize(
    ("payload", "title"),
    [
        ({"attempts": 1}, "Step failed"),
        ({"attempts": 4}, "Step failed after multiple attempts"),
        ({}, "Step failed after multiple attempts"),
    ],
)
def test_a_step_that_failed_once_is_not_said_to_have_failed_more_often(payload, title):
    assert words.event_title("WORKFLOW_STEP_FAILED", payload) == title
