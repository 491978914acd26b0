"""The demonstration model in the protocol of chat completions."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

from executions.demo.model import MODEL_NAME, Asked, BadRequest, Playing, Unplayed

PATH = "/v1/chat/completions"
Event = dict[str, Any]


def read(body: Any) -> Asked:
    """Read the questions of a request. Raises BadRequest."""
    messages = body.get("messages") if isinstance(body, dict) else None
    if not isinstance(messages, list) or not all(isinstance(each, dict) for each in messages):
        raise BadRequest("messages: expected a list of messages")
    last = max(
        (index for index, each in enumerate(messages) if each.get("role") == "user"), default=-1
    )
    later = messages[last + 1 :]
    return Asked(
        _text(messages[last]) if last >= 0 else "",
        sum(each.get("role") == "assistant" for each in later),
        [_text(each) for each in later if each.get("role") == "tool"],
        {name: body.get(name) for name in ("model", "messages", "tools")},
    )


def refused(problem: Unplayed) -> Event:
    """An error as its body says it."""
    code = problem.code
    return {"error": {"message": problem.message, "type": code, "code": code, "param": None}}


def stream(playing: Playing, body: Mapping[str, Any]) -> Iterator[bytes]:
    """The answer as server-sent events. Raises Cut."""
    includes_usage = bool((body.get("stream_options") or {}).get("include_usage"))
    for event in _events(playing, includes_usage=includes_usage):
        yield b"data: " + json.dumps(event).encode() + b"\n\n"
    yield b"data: [DONE]\n\n"


def whole(playing: Playing) -> Event:
    """The answer to a request that wants no stream. Raises Cut."""
    chunks = list(_events(playing, includes_usage=True))
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks if chunk["choices"]]
    text = "".join(str(delta.get("content") or "") for delta in deltas)
    calls = [call for delta in deltas for call in delta.get("tool_calls", ())]
    refusal = "".join(delta.get("refusal") or "" for delta in deltas) or None
    message: Event = {"role": "assistant", "content": text or None, "refusal": refusal}
    if calls:
        message["tool_calls"] = [
            {name: value for name, value in call.items() if name != "index"} for call in calls
        ]
    choice = {"index": 0, "message": message, "finish_reason": _finish(playing)}
    last = _chunk(playing, None, usage=_usage(playing)) | {"object": "chat.completion"}
    return last | {"choices": [choice]}


def _events(playing: Playing, *, includes_usage: bool) -> Iterator[Event]:
    try:
        yield _chunk(playing, {"role": "assistant", "content": ""})
        for delta in _deltas(playing):
            yield _chunk(playing, delta)
        yield _chunk(playing, {}, _finish(playing))
        if includes_usage:
            yield _chunk(playing, None, usage=_usage(playing))
        playing.sent_all()
    finally:
        playing.end()


def _deltas(playing: Playing) -> Iterator[Event]:
    names = {"think": "reasoning_content", "say": "content", "refuse": "refusal"}
    index = 0
    for kind, text, call in playing.pieces():
        if call is None:
            yield {names[kind]: text}
            continue
        said = {"index": index, "id": f"call-{playing.number}-{index + 1}", "type": "function"}
        yield {"tool_calls": [said | {"function": {"name": call["name"], "arguments": text}}]}
        index += 1


def _finish(playing: Playing) -> str:
    return playing.play.finish or ("tool_calls" if playing.play.calls else "stop")


def _usage(playing: Playing) -> Event:
    read, written = playing.usage()
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


def _chunk(
    playing: Playing, delta: Event | None, finish: str | None = None, usage: Event | None = None
) -> Event:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    return {
        "id": f"demo-{playing.number}",
        "object": "chat.completion.chunk",
        "created": int(time.time()),
        "model": MODEL_NAME,
        "choices": choices,
        "usage": usage,
    }


def _text(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return str(content or "")
