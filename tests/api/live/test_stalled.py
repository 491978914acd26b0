"""A follower that stops reading, before a whole Stigmer.

What is bounded: tests/cli/test_backpressure.py.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.live import LiveStigmer

pytestmark = pytest.mark.processes
TEXT = (
    "document: {dsl: '1.0.0', namespace: tests, name: stalled, version: '1.0.0'}\ndo:\n- a: {set:"
    " {x: 1}}\n"
)
TASKS = 50
UPDATES = 30


@pytest.fixture
def api(live_stigmer: LiveStigmer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=live_stigmer.base_url, timeout=60) as client:
        page = client.get("/log-in").text
        form = {"username": "admin", "password": live_stigmer.logins["admin"]}
        token = page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
        client.post(
            "/log-in",
            data={**form, "csrfmiddlewaretoken": token},
            headers={"Referer": live_stigmer.base_url},
        )
        cookie = next(value for name, value in client.cookies.items() if name.endswith("csrf"))
        client.headers["X-CSRFToken"] = cookie
        client.headers["Origin"] = live_stigmer.base_url
        client.base_url = httpx.URL(f"{live_stigmer.base_url}/api/v1/")
        client.post(
            "workflows", content=TEXT, headers={"Content-Type": "application/yaml"}
        ).raise_for_status()
        yield client


@pytest.fixture
def execution(api: httpx.Client) -> str:
    accepted = api.post("workflows/stalled/run", json={"runner": "external", "input": {}})
    return str(accepted.raise_for_status().json()["id"])


def report(api: httpx.Client, execution: str, sequence: int, phase: str = "IN_PROGRESS") -> None:
    """Each list of tasks has other names: a hundred new entries of the history."""
    status = "COMPLETED" if phase == "COMPLETED" else "IN_PROGRESS"
    tasks = [
        {"task_name": f"{sequence}-{number}-{'x' * 200}", "status": status}
        for number in range(TASKS)
    ]
    update = {"sequence": sequence, "phase": phase, "tasks": tasks}
    api.patch(f"workflow-executions/{execution}/status", json=update).raise_for_status()


class Follower:
    """An event stream over a bare connection, read when it is told to."""

    def __init__(self, api: httpx.Client, execution: str, kernel_bytes: int) -> None:
        server = urlsplit(str(api.base_url))
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, kernel_bytes)
        self._socket.settimeout(30)
        self._socket.connect((server.hostname or "", server.port or 0))
        cookies = "; ".join(f"{name}={value}" for name, value in api.cookies.items())
        head = (
            f"GET /api/v1/workflow-executions/{execution}/events HTTP/1.0\r\nHost:"
            f" {server.netloc}\r\nAccept: text/event-stream\r\nCookie: {cookies}\r\n\r\n"
        )
        self._socket.sendall(head.encode())
        self._text = b""

    def __enter__(self) -> Follower:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def events(self) -> Iterator[dict[str, Any]]:
        while part := self._socket.recv(65_536):
            self._text += part
            while b"\n\n" in self._text:
                block, self._text = self._text.split(b"\n\n", 1)
                data = [
                    line.removeprefix(b"data: ")
                    for line in block.split(b"\n")
                    if line.startswith(b"data: ")
                ]
                if data:
                    yield json.loads(data[0])


def test_who_stops_reading_holds_nobody_up_and_gets_the_last_update_when_it_reads_again(
    api, execution
):
    with Follower(api, execution, 16_384) as stalled, Follower(api, execution, 1 << 20) as reading:
        began, seen = stalled.events(), reading.events()
        assert next(began)["event"] == next(seen)["event"] == "snapshot"
        for sequence in range(1, UPDATES):
            report(api, execution, sequence)
            assert next(seen)["event"] == "update", "who reads gets each one as it comes"
        report(api, execution, UPDATES, "COMPLETED")
        assert [each["event"] for each in seen] == ["end"]
        *updates, end = began
        assert end["event"] == "end" and end["execution"]["status"]["phase"] == "COMPLETED"
        sequences = [each["seq"] for each in [*updates, end]]
        assert sequences == sorted(sequences)
