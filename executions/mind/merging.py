"""Events of a stream that each bring a little more of one text become one event.

The text of a model comes as an event for each token, and the libraries spend a third of a
millisecond of processor time on every one. Events of one moment that differ in nothing but their
text are the same answer as one event with all of it; everything else passes as it came.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

# It finds the text of an event: the object that holds it and its name there; None where the event
# brings no piece of a text, or something beside it.
Finds = Callable[[dict[str, Any]], tuple[dict[str, Any], str] | None]

# An event that is longer passes as it comes, and so does all after it.
MOST_BYTES = 1024 * 1024
_END = re.compile(rb"\r\n\r\n|\n\n|\r\r")
# Differs with each event and means nothing to us.
_PASSING = ("created", "obfuscation", "p", "sequence_number")


class Merging:
    """The events of one answer, as bytes of a stream of server-sent events."""

    def __init__(self, finds: Finds) -> None:
        self._finds = finds
        self._rest = b""
        self._is_off = False

    def feed(self, data: bytes) -> bytes:
        """The events that are whole now, of which those are merged that came together."""
        data, self._rest = self._rest + data, b""
        if self._is_off:
            return data
        *events, self._rest = _END.split(data)
        merged = b"".join(self._merged(events))
        if len(self._rest) > MOST_BYTES:
            self._is_off = True
            merged, self._rest = merged + self._rest, b""
        return merged

    def end(self) -> bytes:
        """The bytes after the last whole event."""
        rest, self._rest = self._rest, b""
        return rest

    def _merged(self, events: list[bytes]) -> Iterator[bytes]:
        held: _Piece | None = None
        for event in events:
            piece = _read(event, self._finds)
            if held is not None and piece is not None and held.takes(piece):
                held.texts += piece.texts
                held.passing = piece.passing
                continue
            if held is not None:
                yield held.written()
            held = piece
            if piece is None:
                yield event + b"\n\n"
        if held is not None:
            yield held.written()


@dataclass(slots=True)
class _Piece:
    """An event that brings a piece of a text; ``event`` is the rest of it, ``holder`` the object in
    it from which the text was taken.
    """

    raw: bytes
    before: list[bytes]
    event: dict[str, Any]
    holder: dict[str, Any]
    name: str
    texts: list[str]
    passing: dict[str, Any] = field(default_factory=dict)

    def takes(self, other: _Piece) -> bool:
        """Whether the other is no more than the next piece of the same text."""
        return (
            self.event == other.event
            and self.name == other.name
            and self.before == other.before
            and not self.texts[-1].isspace()
            and not (_is_mark(self.texts[-1]) or _is_mark(other.texts[0]))
        )

    def written(self) -> bytes:
        if len(self.texts) == 1:
            return self.raw + b"\n\n"
        self.holder[self.name] = "".join(self.texts)
        data = json.dumps(self.event | self.passing, separators=(",", ":")).encode()
        return b"\n".join([*self.before, b"data: " + data]) + b"\n\n"


def _is_mark(text: str) -> bool:
    """Whether it begins or ends a thought (`<think>`): such a mark is a piece of its own."""
    text = text.strip()
    return text.startswith("<") and text.endswith(">")


def _read(raw: bytes, finds: Finds) -> _Piece | None:
    *before, last = raw.splitlines() or [b""]
    if not last.startswith(b"data:") or any(not line.startswith(b"event:") for line in before):
        return None
    try:
        event = json.loads(last[len(b"data:") :])
    except (ValueError, RecursionError):
        return None
    place = finds(event) if isinstance(event, dict) else None
    if place is None:
        return None
    holder, name = place
    text = holder[name]
    if not isinstance(text, str) or not text:
        return None
    passing = {each: event.pop(each) for each in _PASSING if each in event}
    # Of two events all else is compared.
    holder[name] = ""
    return _Piece(raw, before, event, holder, name, [text], passing)


def chat(event: dict[str, Any]) -> tuple[dict[str, Any], str] | None:
    """In chat completions: text, a thought, or the arguments of a call that has begun."""
    choices = event.get("choices")
    if not isinstance(choices, list) or len(choices) != 1 or not isinstance(choices[0], dict):
        return None
    delta = choices[0].get("delta")
    if not isinstance(delta, dict):
        return None
    brought = [name for name, value in delta.items() if value and name != "role"]
    if brought == ["tool_calls"]:
        return _arguments(delta["tool_calls"])
    is_text = len(brought) == 1 and brought[0] in ("content", "reasoning_content", "reasoning")
    return (delta, brought[0]) if is_text else None


def _arguments(calls: Any) -> tuple[dict[str, Any], str] | None:
    if not isinstance(calls, list) or len(calls) != 1 or not isinstance(calls[0], dict):
        return None
    function = calls[0].get("function")
    if calls[0].get("id") or not isinstance(function, dict) or function.get("name"):
        return None
    return (function, "arguments") if "arguments" in function else None


_OF_BLOCKS = {
    "text_delta": "text",
    "thinking_delta": "thinking",
    "input_json_delta": "partial_json",
}


def messages(event: dict[str, Any]) -> tuple[dict[str, Any], str] | None:
    """In Anthropic's messages."""
    delta = event.get("delta")
    if event.get("type") != "content_block_delta" or not isinstance(delta, dict):
        return None
    name = _OF_BLOCKS.get(str(delta.get("type")), "")
    return (delta, name) if name in delta else None


_OF_RESPONSES = frozenset(
    {
        "response.output_text.delta",
        "response.reasoning_text.delta",
        "response.reasoning_summary_text.delta",
        "response.function_call_arguments.delta",
    }
)


def responses(event: dict[str, Any]) -> tuple[dict[str, Any], str] | None:
    """In OpenAI's responses."""
    return (event, "delta") if event.get("type") in _OF_RESPONSES and "delta" in event else None
