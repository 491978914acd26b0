"""Messages as older journals keep them stay readable, and go to models of every protocol."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic_ai.messages import (
    ModelRequest,
    ModelResponse,
    ThinkingPart,
    ToolCallPart,
    ToolReturnPart,
)

from executions.mind.library import messages_for
from executions.mind.messages import added, calls_of, text_of, thinking_of

FORMATS = sorted((Path(__file__).parent / "formats").glob("*.json"))


def read(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(path.read_text())["conversation"]
    return found


def sent(path: Path, name: str, protocol: str) -> list[Any]:
    asked = {
        "instructions": "Help.",
        "messages": read(path),
        "model": {"name": name, "protocol": protocol},
    }
    return messages_for(asked, "provider")


@pytest.mark.parametrize("path", FORMATS, ids=lambda path: path.stem)
def test_what_was_said_is_read(path: Path) -> None:
    answers = [message for message in read(path) if message["role"] == "assistant"]
    assert [text_of(answer) for answer in answers] == ["Let me see.", "", "Seven and one."]
    assert [len(calls_of(answer)) for answer in answers] == [2, 1, 0]
    assert thinking_of(answers[0]) == "Both at once."
    assert added([answer["usage"] for answer in answers])["input_tokens"] == 60


@pytest.mark.parametrize("path", FORMATS, ids=lambda path: path.stem)
@pytest.mark.parametrize(
    ("name", "protocol", "signatures"),
    [
        ("first", "openai-chat", ["sealed-1"]),
        ("second", "anthropic", ["sealed-2"]),
        # The name is the same, and what answers by it is another one.
        ("second", "google", []),
        ("third", "openai-responses", []),
    ],
)
def test_marks_go_back_to_the_model_that_they_came_from_and_to_no_other(
    path: Path, name: str, protocol: str, signatures: list[str]
) -> None:
    found = sent(path, name, protocol)
    thoughts = [
        part
        for message in found
        if isinstance(message, ModelResponse)
        for part in message.parts
        if isinstance(part, ThinkingPart)
    ]
    assert [thought.signature for thought in thoughts] == signatures
    assert {thought.provider_name for thought in thoughts} <= {"provider"}


@pytest.mark.parametrize("path", FORMATS, ids=lambda path: path.stem)
def test_every_call_has_its_result_and_arguments_that_are_an_object(path: Path) -> None:
    found = sent(path, "first", "openai-chat")
    calls = [
        part
        for message in found
        for part in message.parts
        if isinstance(message, ModelResponse) and isinstance(part, ToolCallPart)
    ]
    results = [
        part.tool_call_id
        for message in found
        for part in message.parts
        if isinstance(message, ModelRequest) and isinstance(part, ToolReturnPart)
    ]
    assert [call.tool_call_id for call in calls] == results == ["c-1", "c-2", "c-3"]
    assert all(isinstance(call.args, dict) for call in calls)
    assert calls[2].provider_details is None


@pytest.mark.parametrize("path", FORMATS, ids=lambda path: path.stem)
def test_details_of_a_provider_go_back_to_it(path: Path) -> None:
    found = sent(path, "second", "anthropic")
    details = [
        part.provider_details
        for message in found
        for part in message.parts
        if isinstance(part, ToolCallPart)
    ]
    assert details == [None, None, {"thought_signature": "c2VhbGVk"}]
