"""The demonstration model in Anthropic's protocol of messages.

As strict as the real one where a run could go wrong: a call needs its result in the next message, a
result its call, and thinking goes back with the signature that it came with.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from executions.demo.model import MODEL_NAME, Asked, BadRequest, Piece, Playing, Unplayed

PATH = "/v1/messages"
Event = dict[str, Any]
_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
    529: "overloaded_error",
}
_FINISHES = {"length": "max_tokens", "content_filter": "refusal"}
_BLOCKS: dict[str, Event] = {
    "think": {"type": "thinking", "thinking": "", "signature": ""},
    "say": {"type": "text", "text": ""},
}


def read(body: Any) -> Asked:
    """Read the questions of a request. Raises BadRequest."""
    messages = body.get("messages") if isinstance(body, dict) else None
    if not isinstance(messages, list) or not all(isinstance(each, dict) for each in messages):
        raise BadRequest("messages: Input should be a valid list")
    if not isinstance(body.get("max_tokens"), int):
        raise BadRequest("max_tokens: Field required")
    blocks = [_blocks(message) for message in messages]
    _check(messages, blocks)
    last = max(
        (
            index
            for index, message_blocks in enumerate(blocks)
            if _is_said(messages[index], message_blocks)
        ),
        default=-1,
    )
    later = range(last + 1, len(messages))
    return Asked(
        _text(blocks[last]) if last >= 0 else "",
        sum(messages[index]["role"] == "assistant" for index in later),
        [
            _result(block)
            for index in later
            for block in blocks[index]
            if block.get("type") == "tool_result"
        ],
        {name: body.get(name) for name in ("model", "system", "messages", "tools")},
    )


def refused(problem: Unplayed) -> Event:
    """An error as its body says it."""
    kind = _TYPES.get(problem.status, "api_error")
    message = problem.message
    if problem.code == "context_length_exceeded":
        message = "prompt is too long: 210000 tokens > 200000 maximum"
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "demo"}


def stream(playing: Playing, body: Mapping[str, Any]) -> Iterator[bytes]:
    """The answer as server-sent events. Raises Cut."""
    for event in _events(playing):
        yield f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()


def whole(playing: Playing) -> Event:
    """The answer to a request that wants no stream. Raises Cut."""
    content: list[Event] = []
    message: Event = {}
    for event in _events(playing):
        if event["type"] == "message_start":
            message = event["message"]
        elif event["type"] == "content_block_start":
            content.append(dict(event["content_block"]))
        elif event["type"] == "content_block_delta":
            _put_in(content[-1], event["delta"])
        elif event["type"] == "message_delta":
            message |= event["delta"]
            message["usage"] |= event["usage"]
    return message | {"content": content}


def _put_in(block: Event, delta: Event) -> None:
    if "partial_json" in delta:
        block["input"] = json.loads(delta["partial_json"])
    for name in ("text", "thinking", "signature"):
        if name in delta:
            block[name] += delta[name]


def _events(playing: Playing) -> Iterator[Event]:
    try:
        usage = {"input_tokens": playing.usage()[0], "output_tokens": 1}
        message: Event = {
            "id": f"demo-{playing.number}",
            "type": "message",
            "role": "assistant",
            "model": MODEL_NAME,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": usage,
        }
        yield {"type": "message_start", "message": message}
        yield {"type": "ping"}
        yield from _content(playing)
        written = {"output_tokens": playing.usage()[1]}
        yield {"type": "message_delta", "delta": _end(playing), "usage": written}
        yield {"type": "message_stop"}
        playing.sent_all()
    finally:
        playing.end()


def _content(playing: Playing) -> Iterator[Event]:
    index, open_kind, thought = -1, "", ""
    for piece in playing.pieces():
        if piece.kind == "refuse":
            continue
        if piece.kind != open_kind or piece.kind == "call":
            if open_kind:
                yield from _closed(index, open_kind, thought)
            index, open_kind = index + 1, piece.kind
            yield _begun(index, piece, playing)
        thought += piece.text if piece.kind == "think" else ""
        yield {"type": "content_block_delta", "index": index, "delta": _delta(piece)}
    if open_kind:
        yield from _closed(index, open_kind, thought)


def _begun(index: int, piece: Piece, playing: Playing) -> Event:
    if piece.call is None:
        block = _BLOCKS[piece.kind]
    else:
        name, key = piece.call["name"], f"toolu-{playing.number}-{index + 1}"
        block = {"type": "tool_use", "id": key, "name": name, "input": {}}
    return {"type": "content_block_start", "index": index, "content_block": block}


def _delta(piece: Piece) -> Event:
    if piece.kind == "call":
        return {"type": "input_json_delta", "partial_json": piece.text}
    if piece.kind == "think":
        return {"type": "thinking_delta", "thinking": piece.text}
    return {"type": "text_delta", "text": piece.text}


def _closed(index: int, kind: str, thought: str) -> Iterator[Event]:
    if kind == "think":
        signed = {"type": "signature_delta", "signature": signature(thought)}
        yield {"type": "content_block_delta", "index": index, "delta": signed}
    yield {"type": "content_block_stop", "index": index}


def _end(playing: Playing) -> Event:
    play = playing.play
    reason = _FINISHES.get(play.finish, play.finish)
    reason = reason or ("tool_use" if play.calls else "end_turn")
    ended: Event = {"stop_reason": reason, "stop_sequence": None}
    if play.refuse:
        details = {"type": "refusal", "explanation": play.refuse, "category": None}
        ended |= {"stop_reason": "refusal", "stop_details": details}
    return ended


def signature(thought: str) -> str:
    """The proof that the model thought this itself."""
    return hashlib.sha256(f"demonstration {thought}".encode()).hexdigest()


def _check(messages: list[Event], blocks: list[list[Event]]) -> None:
    """Raises BadRequest as the real one does."""
    if not messages or messages[0].get("role") != "user":
        raise BadRequest('messages: first message must use the "user" role')
    open_calls: set[str] = set()
    for index, message in enumerate(messages):
        results = {
            str(block.get("tool_use_id"))
            for block in blocks[index]
            if block.get("type") == "tool_result"
        }
        if missing := open_calls - results:
            raise BadRequest(
                f"messages.{index - 1}: `tool_use` ids were found without `tool_result` blocks"
                f" immediately after: {', '.join(sorted(missing))}"
            )
        if unknown := results - open_calls:
            raise BadRequest(
                f"messages.{index}: unexpected `tool_use_id` found in `tool_result` blocks:"
                f" {', '.join(sorted(unknown))}"
            )
        open_calls = {
            str(block["id"]) for block in blocks[index] if block.get("type") == "tool_use"
        }
        if open_calls and message.get("role") != "assistant":
            raise BadRequest(f"messages.{index}: `tool_use` blocks can only be in `assistant`")
        for place, block in enumerate(blocks[index]):
            if block.get("type") == "thinking" and block.get("signature") != signature(
                str(block.get("thinking"))
            ):
                raise BadRequest(
                    f"messages.{index}.content.{place}: Invalid `signature` in `thinking` block"
                )
    if open_calls:
        raise BadRequest("messages: the last `tool_use` has no `tool_result`")


def _blocks(message: Mapping[str, Any]) -> list[Event]:
    content = message.get("content")
    if isinstance(content, list):
        return [block for block in content if isinstance(block, dict)]
    return [{"type": "text", "text": str(content or "")}]


def _is_said(message: Mapping[str, Any], blocks: list[Event]) -> bool:
    """Whether a person says something there, not only a tool."""
    return message.get("role") == "user" and any(block.get("type") == "text" for block in blocks)


def _text(blocks: list[Event]) -> str:
    return "".join(str(block.get("text", "")) for block in blocks if block.get("type") == "text")


def _result(block: Mapping[str, Any]) -> str:
    content = block.get("content")
    return _text(content) if isinstance(content, list) else str(content or "")
