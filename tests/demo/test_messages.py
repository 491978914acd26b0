"""The demonstration model in Anthropic's protocol: as strict as the real one."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from executions.demo.messages import signature
from executions.demo.server import ShopServer

HELLO = {"role": "user", "content": "hello"}
CALL = {"type": "tool_use", "id": "t1", "name": "look", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "t1", "content": "seen"}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[httpx.Client]:
    (tmp_path / "scripts").mkdir()
    with ShopServer("127.0.0.1", 0, tmp_path) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        with httpx.Client(base_url=server.address, timeout=60, trust_env=False) as client:
            yield client
        server.stop()
        thread.join()


def ask(client: httpx.Client, *messages: dict[str, Any], **more: Any) -> httpx.Response:
    body = {"model": "demo", "max_tokens": 100, "messages": list(messages)}
    return client.post("/v1/messages", json=body | more)


def plays(folder: Path, *answers: dict[str, Any]) -> None:
    text = json.dumps({"when": ".", "answers": list(answers)})
    (folder / "scripts" / "a.yaml").write_text(text)


def test_it_answers_in_blocks(client: httpx.Client, tmp_path: Path) -> None:
    call = {"name": "look", "arguments": {"sku": "tea"}}
    plays(tmp_path, {"think": "I think", "say": "I look.", "calls": [call]})
    answer = ask(client, HELLO).json()
    assert [block["type"] for block in answer["content"]] == ["thinking", "text", "tool_use"]
    assert answer["content"][0]["signature"] == signature("I think")
    assert answer["content"][2]["input"] == {"sku": "tea"}
    assert answer["stop_reason"] == "tool_use"


def test_it_streams_the_same(client: httpx.Client, tmp_path: Path) -> None:
    plays(tmp_path, {"say": "one two"})
    lines = ask(client, HELLO, stream=True).text.splitlines()
    kinds = [line.removeprefix("event: ") for line in lines if line.startswith("event: ")]
    assert kinds == [
        "message_start",
        "ping",
        "content_block_start",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]


def test_the_second_answer_comes_after_the_result(client: httpx.Client, tmp_path: Path) -> None:
    plays(tmp_path, {"say": "first"}, {"say": "{result}"})
    answer = ask(
        client,
        HELLO,
        {"role": "assistant", "content": [CALL]},
        {"role": "user", "content": [RESULT]},
    )
    assert answer.json()["content"][0]["text"] == "seen"


@pytest.mark.parametrize(
    ("messages", "said"),
    [
        ([{"role": "assistant", "content": "hello"}], "first message"),
        ([HELLO, {"role": "assistant", "content": [CALL]}, HELLO], "without `tool_result`"),
        ([HELLO, {"role": "assistant", "content": [CALL]}], "has no `tool_result`"),
        ([HELLO, {"role": "user", "content": [RESULT]}], "unexpected `tool_use_id`"),
        (
            [
                HELLO,
                {
                    "role": "assistant",
                    "content": [{"type": "thinking", "thinking": "a", "signature": "b"}],
                },
                HELLO,
            ],
            "Invalid `signature`",
        ),
    ],
)
def test_what_the_real_one_refuses_is_refused(
    client: httpx.Client, messages: list[dict[str, Any]], said: str
) -> None:
    answer = ask(client, *messages)
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert said in answer.json()["error"]["message"]


def test_the_most_tokens_have_to_be_said(client: httpx.Client) -> None:
    assert "max_tokens" in ask(client, HELLO, max_tokens=None).json()["error"]["message"]
