"""Small servers of protocols that the demonstration model does not speak, as strict as it needs.

Each answers a first request with a call of a tool, and one that brings its result with a text,
streamed. What was asked is kept.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SEALED = "c2VhbGVkIHRob3VnaHRz"
Event = dict[str, Any]


class Server(ThreadingHTTPServer):
    """``speaks`` gives the events that a request is answered with."""

    daemon_threads = True

    def __init__(self, speaks: Any) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.speaks = speaks
        self.asked: list[tuple[str, dict[str, Any]]] = []
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, body))
        problem, events = self.server.speaks(body)
        if problem:
            text = json.dumps({"error": {"code": 400, "message": problem}}).encode()
            self.send_response(400)
            self.send_header("Content-Length", str(len(text)))
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(text)
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for event in events:
            name = f"event: {event['type']}\n" if "type" in event else ""
            self.wfile.write(f"{name}data: {json.dumps(event)}\n\n".encode())
            self.wfile.flush()
        self.close_connection = True

    def log_message(self, format: str, *arguments: Any) -> None:
        return


def responses(body: dict[str, Any]) -> tuple[str, list[Event]]:
    """OpenAI's responses: nothing is stored there, and what was thought goes back as it came."""
    given = {each.get("type", "message"): each for each in body["input"]}
    if body.get("store") is not False:
        return "this server keeps nothing: send `store: false`", []
    if "function_call_output" not in given:
        return "", list(_response(_called()))
    if given.get("reasoning", {}).get("encrypted_content") != SEALED:
        return "what was thought is missing", []
    if given["function_call"]["call_id"] != given["function_call_output"]["call_id"]:
        return "a result without its call", []
    return "", list(_response(_said(f"There are: {given['function_call_output']['output']}")))


def _called() -> list[tuple[Event, list[Event]]]:
    arguments = '{"sku": "tea"}'
    thought = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": SEALED}
    call = {
        "type": "function_call",
        "id": "fc_1",
        "call_id": "call_1",
        "name": "agents_stock",
        "arguments": arguments,
        "status": "completed",
    }
    pieces = [
        {"type": "response.function_call_arguments.delta", "item_id": "fc_1", "delta": part}
        for part in (arguments[:5], arguments[5:])
    ]
    return [(thought, []), (call, pieces)]


def _said(text: str) -> list[tuple[Event, list[Event]]]:
    part = {"type": "output_text", "text": text, "annotations": []}
    message = {
        "type": "message",
        "id": "msg_1",
        "role": "assistant",
        "status": "completed",
        "content": [part],
    }
    place = {"item_id": "msg_1", "content_index": 0}
    pieces: list[Event] = [
        {"type": "response.content_part.added", "part": part | {"text": ""}, **place}
    ]
    pieces += [
        {"type": "response.output_text.delta", "delta": word, "logprobs": [], **place}
        for word in (text[:6], text[6:])
    ]
    pieces.append({"type": "response.output_text.done", "text": text, "logprobs": [], **place})
    return [(message, pieces)]


def _response(items: list[tuple[Event, list[Event]]]) -> Iterator[Event]:
    usage = {
        "input_tokens": 20,
        "output_tokens": 5,
        "total_tokens": 25,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens_details": {"reasoning_tokens": 2},
    }
    whole: Event = {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "model": "small",
        "output": [],
        "status": "in_progress",
        "parallel_tool_calls": True,
        "tools": [],
        "tool_choice": "auto",
        "usage": None,
    }
    number = 0
    yield {"type": "response.created", "response": whole, "sequence_number": number}
    for place, (item, pieces) in enumerate(items):
        begun = item | {"status": "in_progress"}
        begun |= {"arguments": ""} if item["type"] == "function_call" else {}
        begun |= {"content": []} if item["type"] == "message" else {}
        between = [each | {"output_index": place} for each in pieces]
        for event in (
            {"type": "response.output_item.added", "output_index": place, "item": begun},
            *between,
            {"type": "response.output_item.done", "output_index": place, "item": item},
        ):
            number += 1
            yield event | {"sequence_number": number}
    done = whole | {"status": "completed", "output": [item for item, _ in items], "usage": usage}
    yield {"type": "response.completed", "response": done, "sequence_number": number + 1}


def google(body: dict[str, Any]) -> tuple[str, list[Event]]:
    """Google's Gemini: parts of candidates; a call's signature goes back with it."""
    parts = [part for content in body["contents"] for part in content["parts"]]
    results = [part["functionResponse"] for part in parts if "functionResponse" in part]
    if not body.get("systemInstruction"):
        return "the instructions are missing", []
    if not results:
        call = {
            "functionCall": {"name": "agents_stock", "args": {"sku": "tea"}, "id": "call-1"},
            "thoughtSignature": SEALED,
        }
        return "", [_candidate([call], "STOP", last=True)]
    calls = [part for part in parts if "functionCall" in part]
    if calls[0].get("thoughtSignature") != SEALED:
        return "what was thought is missing", []
    text = f"There are: {json.dumps(results[0]['response'])}"
    return "", [
        _candidate([{"text": text[:6]}], None),
        _candidate([{"text": text[6:]}], "STOP", last=True),
    ]


def _candidate(parts: list[Event], finish: str | None, *, last: bool = False) -> Event:
    candidate: Event = {"content": {"role": "model", "parts": parts}, "index": 0}
    candidate |= {"finishReason": finish} if finish else {}
    event: Event = {"candidates": [candidate], "modelVersion": "small", "responseId": "r-1"}
    usage = {"promptTokenCount": 20, "candidatesTokenCount": 5, "totalTokenCount": 25}
    return event | ({"usageMetadata": usage} if last else {})
