"""The demonstration model: the protocol, its scripts, its faults and its ledger."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from executions.demo.model_ledger import ModelLedger
from executions.demo.scripts import ScriptError, read
from executions.demo.server import ShopServer


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


def ask(client: httpx.Client, text: str, **more: Any) -> httpx.Response:
    messages = [{"role": "user", "content": text}]
    return client.post("/v1/chat/completions", json={"model": "demo", "messages": messages} | more)


def script(folder: Path, text: str) -> None:
    (folder / "scripts" / "a.yaml").write_text(text)


def test_it_lists_itself_and_says_what_it_is(client: httpx.Client) -> None:
    assert [each["id"] for each in client.get("/v1/models").json()["data"]] == ["demo"]
    answer = ask(client, "hello").json()["choices"][0]
    assert answer["message"]["content"].startswith("I am the demonstration model")
    assert answer["finish_reason"] == "stop"


def test_it_streams_pieces_and_says_what_it_used(client: httpx.Client, tmp_path: Path) -> None:
    script(tmp_path, "when: hello\nanswers: [{say: one two three}]\n")
    options = {"stream": True, "stream_options": {"include_usage": True}}
    lines = [line for line in ask(client, "hello", **options).text.splitlines() if line]
    assert lines[-1] == "data: [DONE]"
    chunks = [json.loads(line.removeprefix("data: ")) for line in lines[:-1]]
    texts = [each["choices"][0]["delta"].get("content") for each in chunks if each["choices"]]
    assert [text for text in texts if text] == ["one ", "two ", "three"]
    assert chunks[-1]["usage"]["completion_tokens"] == 4


def test_a_fault_is_counted_by_the_ledger_so_that_it_passes(
    client: httpx.Client, tmp_path: Path
) -> None:
    script(
        tmp_path,
        "when: hello\nanswers: [{tries: [{error: 429, retry_after: 3}, {say: now}]}]\n",
    )
    first, second = ask(client, "hello"), ask(client, "hello")
    assert (first.status_code, first.headers["retry-after"]) == (429, "3")
    assert second.json()["choices"][0]["message"]["content"] == "now"
    entries = client.get("/v1/ledger").json()
    assert [(each["status"], each["in_full"]) for each in entries] == [(429, False), (200, True)]
    assert entries[0]["digest"] == entries[1]["digest"]


def test_a_connection_that_is_cut_was_not_sent_in_full(
    client: httpx.Client, tmp_path: Path
) -> None:
    script(tmp_path, "when: hello\nanswers: [{say: half an, cut: true}]\n")
    with pytest.raises(httpx.RemoteProtocolError):
        ask(client, "hello", stream=True)
    assert client.get("/v1/ledger").json()[0]["in_full"] is False


def test_the_ledger_is_there_after_a_new_start(tmp_path: Path) -> None:
    number = ModelLedger(tmp_path).begin("digest", "a", 200, 7)
    again = ModelLedger(tmp_path)
    assert again.tried("digest") == 1
    again.end(number, 3, in_full=True)
    assert again.entries()[0]["output_tokens"] == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("when: '('\nanswers: [{say: x}]\n", "a.yaml"),
        ("when: x\nanswers: []\n", "no answers"),
        ("when: x\nanswers: [{shout: y}]\n", "shout, which nobody knows"),
        ("answers: [{say: x}]\n", "when"),
    ],
)
def test_a_script_that_cannot_be_played_says_why(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(ScriptError, match=said):
        read([tmp_path])
