"""Words for people: every event has some, and they say no more than what happened."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dashboard import words
from executions.cli.display import history
from executions.journal.events import EventName, known, title_of

EXECUTIONS = Path(words.__file__).parent.parent / "executions"


def test_every_event_that_the_source_writes_out_is_a_member():
    texts = (
        path.read_text() for path in EXECUTIONS.rglob("*.py") if "migrations" not in path.parts
    )
    found = {name for text in texts for name in re.findall(r'"(WORKFLOW_[A-Z_]+[A-Z])"', text)}
    assert found - {"WORKFLOW_TASK"} <= {str(name) for name in EventName}


@pytest.mark.parametrize("name", EventName)
def test_every_event_has_words_on_the_page_and_in_the_command(name: EventName):
    assert title_of(name) == name.words.title
    assert words.event_tone(name) == name.words.tone
    said = history.sentence(name.words.sentence, {})
    assert said and not set(said) & set("[]{}")


def test_an_event_of_another_version_is_told_by_its_name():
    assert known("WORKFLOW_BLESSED") is None
    assert title_of("WORKFLOW_BLESSED") == "Workflow blessed"
    entry: dict[str, object] = {
        "type": "event",
        "name": "WORKFLOW_BLESSED",
        "at": None,
        "payload": {},
    }
    assert "blessed" in str(history.line(entry))


@pytest.mark.parametrize(
    ("payload", "title"),
    [
        ({"attempts": 1}, "Step failed"),
        ({"attempts": 4}, "Step failed after multiple attempts"),
        ({}, "Step failed after multiple attempts"),
    ],
)
def test_a_step_that_failed_once_is_not_said_to_have_failed_more_often(payload, title):
    assert title_of("WORKFLOW_STEP_FAILED", payload) == title


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (
            {"attempt": 2, "rule": "503", "delay_seconds": 5.0},
            "attempt 2 failed (503), next one in 5 s",
        ),
        ({"attempt": 1, "delay_seconds": 0.5}, "attempt 1 failed, next one in 0.5 s"),
    ],
)
def test_a_sentence_leaves_out_what_its_event_does_not_tell(payload, said):
    assert history.sentence(EventName.STEP_RETRYING.words.sentence, payload) == said
