"""A demonstration model: it speaks the protocol of chat completions and plays scripts.

It understands nothing. It is there so that an agent works without a key, and so that every fault of
a real model can be played.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from executions.demo.model_ledger import ModelLedger
from executions.demo.scripts import SHIPPED, Play, ScriptError, read

MODEL_NAME = "demo"
CHARACTERS_OF_A_TOKEN = 4
MOST_CALLS_OF_ONE_ANSWER = 32
_PIECES = re.compile(r"\S+\s*|\s+")
Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is an error: a status, its body, and headers."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str]


class Cut(Exception):
    """The connection is to be closed in the middle of the answer."""


class Answering:
    """One request that is answered by a stream of events."""

    def __init__(
        self, model: DemoModel, number: int, play: Play, input_tokens: int, includes_usage: bool
    ) -> None:
        self._model, self._number, self._play = model, number, play
        self._input_tokens, self._includes_usage = input_tokens, includes_usage
        self._sent = 0
        self.id = f"demo-{number}"

    def events(self) -> Iterator[Event]:
        """The chunks, at their rate. Raises Cut where the connection shall break off."""
        in_full = False
        try:
            yield self._chunk({"role": "assistant", "content": ""})
            yield from self._deltas()
            yield self._chunk({}, self._finish())
            if self._includes_usage:
                yield self._chunk(None, usage=self._usage())
            in_full = True
        finally:
            self._model.ledger.end(self._number, self._output_tokens(), in_full=in_full)

    def whole(self) -> Event:
        """The answer to a request that wants no stream."""
        chunks = list(self.events())
        deltas = [chunk["choices"][0]["delta"] for chunk in chunks if chunk["choices"]]
        text = "".join(str(delta.get("content") or "") for delta in deltas)
        calls = [call for delta in deltas for call in delta.get("tool_calls", ())]
        refusal = "".join(delta.get("refusal") or "" for delta in deltas) or None
        message: Event = {"role": "assistant", "content": text or None, "refusal": refusal}
        if calls:
            message["tool_calls"] = [
                {name: value for name, value in call.items() if name != "index"} for call in calls
            ]
        choice = {"index": 0, "message": message, "finish_reason": self._finish()}
        whole = self._chunk(None, usage=self._usage()) | {"object": "chat.completion"}
        return whole | {"choices": [choice]}

    def _deltas(self) -> Iterator[Event]:
        play = self._play
        for piece in _PIECES.findall(play.think):
            yield self._piece({"reasoning_content": piece}, piece)
        for piece in _PIECES.findall(play.say):
            yield self._piece({"content": piece}, piece)
        if play.silent:
            self._model.stopping.wait(play.silent)
        if play.cut:
            raise Cut
        if play.refuse:
            yield self._piece({"refusal": play.refuse}, play.refuse)
        for index, call in enumerate(play.calls[:MOST_CALLS_OF_ONE_ANSWER]):
            given = call.get("arguments", {})
            text = given if isinstance(given, str) else json.dumps(given)
            function = {"name": call["name"], "arguments": text}
            said = {"index": index, "id": f"call-{self._number}-{index + 1}", "type": "function"}
            yield self._piece({"tool_calls": [said | {"function": function}]}, text)

    def _piece(self, delta: Event, text: str) -> Event:
        if self._play.rate:
            self._model.stopping.wait(1 / self._play.rate)
        self._sent += len(text)
        return self._chunk(delta)

    def _finish(self) -> str:
        return self._play.finish or ("tool_calls" if self._play.calls else "stop")

    def _output_tokens(self) -> int:
        return -(-self._sent // CHARACTERS_OF_A_TOKEN)

    def _usage(self) -> Event:
        claimed = self._play.usage or {}
        read = int(claimed.get("input_tokens", self._input_tokens))
        written = int(claimed.get("output_tokens", self._output_tokens()))
        return {
            "prompt_tokens": read,
            "completion_tokens": written,
            "total_tokens": read + written,
        }

    def _chunk(
        self, delta: Event | None, finish: str | None = None, usage: Event | None = None
    ) -> Event:
        choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
        return {
            "id": self.id,
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": MODEL_NAME,
            "choices": choices,
            "usage": usage,
        }


class DemoModel:
    """``folder`` holds its ledger and, below ``scripts``, scripts that are played before those that
    came along.
    """

    def __init__(self, folder: Path, stopping: threading.Event) -> None:
        self.ledger = ModelLedger(folder)
        self.stopping = stopping
        self._folders = (folder / "scripts", SHIPPED)

    def models(self) -> dict[str, Any]:
        """The list of models, of one."""
        model = {"id": MODEL_NAME, "object": "model", "created": 0, "owned_by": "demonstration"}
        return {"object": "list", "data": [model]}

    def answer(self, body: Any) -> Answering | Refusal:
        """What a request for a completion gets."""
        messages = body.get("messages") if isinstance(body, dict) else None
        if not isinstance(messages, list) or not all(isinstance(each, dict) for each in messages):
            return _refused(400, "messages: expected a list of messages", "invalid_request_error")
        digest = _digest(body)
        try:
            script, play = self._play(messages, self.ledger.tried(digest))
        except ScriptError as problem:
            return _refused(500, f"a script cannot be played: {problem}", "script")
        tokens = -(-len(json.dumps(messages)) // CHARACTERS_OF_A_TOKEN)
        number = self.ledger.begin(digest, script, play.error or 200, tokens)
        if play.error:
            headers = {} if play.retry_after is None else {"Retry-After": f"{play.retry_after:g}"}
            said = play.message or _MEANINGS.get(play.error, "the script says so")
            return _refused(play.error, said, play.code or "demonstration", headers)
        includes_usage = bool((body.get("stream_options") or {}).get("include_usage"))
        return Answering(self, number, play, tokens, includes_usage or not body.get("stream"))

    def _play(self, messages: Sequence[Mapping[str, Any]], tried: int) -> tuple[str, Play]:
        last = max(
            (index for index, each in enumerate(messages) if each.get("role") == "user"), default=-1
        )
        message = _text(messages[last]) if last >= 0 else ""
        later = messages[last + 1 :]
        answered = sum(each.get("role") == "assistant" for each in later)
        results = [_text(each) for each in later if each.get("role") == "tool"]
        for script in read(self._folders):
            play = script.play(message, answered, tried, results[-1] if results else "")
            if play is not None:
                return script.name, play
        return "", Play(say=_WHAT_IT_IS)


_MEANINGS = {
    400: "the request was rejected",
    401: "Incorrect API key provided",
    429: "Rate limit reached",
    500: "The server had an error",
    503: "The model is not available",
    529: "Overloaded",
}
_WHAT_IT_IS = (
    "I am the demonstration model of Stigmer. I understand nothing: I play scripts. Ask me to"
    " check what is in stock, to order something, or to refund an order."
)


def _refused(
    status: int, message: str, code: str, headers: dict[str, str] | None = None
) -> Refusal:
    error = {"message": message, "type": code, "code": code, "param": None}
    return Refusal(status, {"error": error}, headers or {})


def _digest(body: Mapping[str, Any]) -> str:
    asked = {name: body.get(name) for name in ("model", "messages", "tools")}
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def _text(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return str(content or "")


def send(answering: Answering, write: Callable[[bytes], None]) -> None:
    """Send it as server-sent events; raises Cut where the connection shall break off."""
    for event in answering.events():
        write(b"data: " + json.dumps(event).encode() + b"\n\n")
    write(b"data: [DONE]\n\n")
