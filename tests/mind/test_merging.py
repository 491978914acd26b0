"""Events of one moment that differ in nothing but a piece of text become one event."""

from __future__ import annotations

import json
from typing import Any

import pytest

from executions.mind.merging import Finds, Merging, chat, messages, responses


def said(delta: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": "1", "choices": [{"index": 0, "delta": delta, "finish_reason": None}], **more}


def argument(text: str, **more: Any) -> dict[str, Any]:
    return said({"tool_calls": [{"index": 0, "function": {"arguments": text}, **more}]})


def written(*events: dict[str, Any]) -> bytes:
    return b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)


def merged(finds: Finds, data: bytes) -> list[Any]:
    """The events that come of it where it comes at once."""
    merging = Merging(finds)
    found = merging.feed(data) + merging.end()
    return [json.loads(event.rpartition(b"data: ")[2]) for event in found.split(b"\n\n") if event]


def test_pieces_of_one_text_are_one_event() -> None:
    data = written(*(said({"content": text}) for text in ("A ", "green", " tea.")))
    assert merged(chat, data) == [said({"content": "A green tea."})]


def test_thoughts_and_arguments_are_merged_each_for_itself() -> None:
    begun = said({"tool_calls": [{"index": 0, "id": "c", "function": {"name": "x"}}]})
    data = written(
        said({"reasoning_content": "Let "}),
        said({"reasoning_content": "me."}),
        said({"content": "Hm"}),
        begun,
        argument('{"a"'),
        argument(":1}"),
    )
    assert merged(chat, data) == [
        said({"reasoning_content": "Let me."}),
        said({"content": "Hm"}),
        begun,
        argument('{"a":1}'),
    ]


@pytest.mark.parametrize(
    "texts",
    [
        # The library knows the beginning of a thought by a piece of its own.
        ["<think>", "Hm", "</think>", "Yes"],
        # It leaves out white space before the text.
        ["\n\n", "Yes"],
    ],
)
def test_pieces_that_mean_something_by_themselves_stay_alone(texts: list[str]) -> None:
    events = [said({"content": text}) for text in texts]
    assert merged(chat, written(*events)) == events


def test_what_else_differs_keeps_events_apart() -> None:
    ends = said({"content": "b"})
    ends["choices"][0]["finish_reason"] = "stop"
    events = [said({"content": "a"}), ends, said({}), said({}, usage={"total_tokens": 3})]
    assert merged(chat, written(*events)) == events


def test_what_differs_with_each_event_and_means_nothing_does_not() -> None:
    one = said({"content": "a"}, created=1, obfuscation="xx")
    other = said({"content": "b"}, created=2, obfuscation="y")
    assert merged(chat, written(one, other)) == [
        said({"content": "ab"}, created=2, obfuscation="y")
    ]


def test_what_is_no_such_event_passes_as_it_came() -> None:
    data = b": alive\n\ndata: [DONE]\n\nid: 3\ndata: {}\n\ndata: {\n\nevent: x\r\ndata: 1\n\nrest"
    merging = Merging(chat)
    assert merging.feed(data) + merging.end() == data


def test_an_event_that_comes_in_parts_waits_for_the_rest() -> None:
    data, merging = written(said({"content": "é"}), said({"content": "b"})), Merging(chat)
    assert b"".join(merging.feed(data[at : at + 1]) for at in range(len(data))) == data
    assert merging.end() == b""


def test_an_event_without_an_end_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("executions.mind.merging.MOST_BYTES", 10)
    merging = Merging(chat)
    assert merging.feed(b"data: 123456") == b"data: 123456"
    assert merging.feed(b"7\n\n") == b"7\n\n"


def test_other_protocols_have_texts_elsewhere() -> None:
    def block(text: str) -> dict[str, Any]:
        delta = {"type": "text_delta", "text": text}
        return {"type": "content_block_delta", "index": 0, "delta": delta}

    named = [b"event: content_block_delta\n" + written(block(text)) for text in "ab"]
    assert merged(messages, b"".join(named)) == [block("ab")]
    events = [
        {"type": "response.output_text.delta", "sequence_number": number, "delta": text}
        for number, text in enumerate("ab")
    ]
    assert merged(responses, written(*events)) == [events[1] | {"delta": "ab"}]
