"""Bodies before a real web server: nothing is kept beyond the limit, however it is sent."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from executions.clients.bodies import BUSY, TOO_LARGE
from tests import server_logs
from tests.cli.web.connection import answer, connection, head, send_body
from tests.cli.web.counting import LIMITS
from tests.live import ROOT, LiveStigmer, free_ports
from tests.waiting import START_SECONDS, until

pytestmark = pytest.mark.processes
HUGE = 400 * 1024 * 1024
MEBIBYTE = 1024 * 1024


class Counting:
    """The server process, and one request of it at a time."""

    def __init__(self, port: int) -> None:
        self.port = port

    def post(self, count: int, *, chunked: bool = False, **headers: object) -> dict[str, object]:
        """What the application was given of a body of so many bytes."""
        length = {"transfer_encoding": "chunked"} if chunked else {"content_length": count}
        with connection(self.port) as opened:
            opened.sendall(head("POST", "/", self.port, connection="close", **length, **headers))
            send_body(opened, count, chunked=chunked)
            said = answer(opened)
        assert said.closed
        told: dict[str, object] = json.loads(
            said.body[said.body.index("{") : said.body.index("}") + 1]
        )
        return told


@pytest.fixture
def counting(tmp_path: Path) -> Iterator[Counting]:
    with counting_server(tmp_path, LIMITS.seconds) as server:
        yield server


@pytest.fixture
def impatient(tmp_path: Path) -> Iterator[Counting]:
    """It ends a request that is not whole after two seconds."""
    with counting_server(tmp_path, 2.0) as server:
        yield server


@contextmanager
def counting_server(tmp_path: Path, seconds: float) -> Iterator[Counting]:
    """A server whose requests have to be whole within ``seconds``."""
    (port,) = free_ports(1)
    with server_logs.writing(tmp_path / "log") as log:
        command = [sys.executable, "-m", "tests.cli.web.counting", str(port), str(seconds)]
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
    try:
        until(lambda: listens(port), what="the server listens", seconds=START_SECONDS)
        yield Counting(port)
    finally:
        process.terminate()
        process.wait(30)


def listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


@pytest.mark.parametrize("chunked", [False, True], ids=["with a length", "in chunks"])
def test_a_body_of_exactly_the_limit_is_given_whole_and_one_byte_more_not_at_all(counting, chunked):
    limit = LIMITS.body_bytes
    whole = counting.post(limit, chunked=chunked)
    assert (whole["bytes"], whole["refusal"]) == (limit, "")
    over = counting.post(limit + 1, chunked=chunked)
    assert (over["bytes"], over["refusal"], over["held"]) == (0, TOO_LARGE, 0)
    assert counting.post(3, chunked=chunked)["bytes"] == 3, "the next one is served as ever"


def test_one_caller_cannot_take_the_room_of_all(counting):
    limit = LIMITS.body_bytes
    with ExitStack() as stack:
        for _ in range(3):
            opened = stack.enter_context(connection(counting.port))
            headers = {"content_length": limit, "x_forwarded_for": "192.0.2.1"}
            opened.sendall(head("POST", "/", counting.port, **headers))
            send_body(opened, limit - 1, chunked=False)
        mine, theirs = {"X-Forwarded-For": "192.0.2.1"}, {"X-Forwarded-For": "192.0.2.2"}
        until(
            lambda: counting.post(1000, **mine)["refusal"] == BUSY,
            what="there is no room left for this caller",
        )
        assert counting.post(1000, **theirs)["bytes"] == 1000
    until(lambda: counting.post(1000, **mine)["bytes"] == 1000, what="who left gave back the room")


@pytest.mark.parametrize("chunked", [False, True], ids=["with a length", "in chunks"])
def test_who_still_sends_for_seconds_after_the_refusal_reads_it_all_the_same(counting, chunked):
    """Were the connection broken off under what is sent, the system would throw the answer away."""
    with connection(counting.port) as opened:
        length = (
            {"transfer_encoding": "chunked"}
            if chunked
            else {"content_length": 10 * LIMITS.body_bytes}
        )
        opened.sendall(head("POST", "/", counting.port, **length))
        piece = b"x" * 100_000
        for _ in range(50):
            opened.sendall(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
            time.sleep(0.1)
        said = answer(opened)
    assert (said.status, said.closed) == (200, True)
    assert f'"refusal": "{TOO_LARGE}"' in said.body


@pytest.mark.parametrize(
    "sent", [b"POST / HTTP/1.1\r\n", b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc"]
)
def test_a_request_that_never_becomes_whole_is_ended(impatient, sent):
    with connection(impatient.port) as opened:
        opened.sendall(sent)
        said = answer(opened)
    assert (said.status, said.closed) == (408, True)


def test_a_length_of_thousands_of_digits_is_a_bad_request(counting):
    with connection(counting.port) as opened:
        opened.sendall(head("POST", "/", counting.port, content_length="9" * 5000))
        assert answer(opened).status == 400


@pytest.mark.parametrize("chunked", [False, True], ids=["with a length", "in chunks"])
@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("POST", "/healthz", "application/problem+json"),
        ("PUT", "/metrics", "text/plain"),
        ("POST", "/api/v1/workflows", "application/problem+json"),
        ("POST", "/admin/login/", "text/html"),
        ("POST", "/log-in", "text/html"),
        ("GET", "/static/css/base.css", "text/html"),
        ("DELETE", "/nowhere", "text/html"),
    ],
)
def test_400_mebibytes_of_a_stranger_take_neither_memory_nor_disk(
    live_stigmer: LiveStigmer, method: str, path: str, kind: str, chunked: bool
) -> None:
    port = int(live_stigmer.base_url.rpartition(":")[2])
    (process,) = live_stigmer.children("web") or live_stigmer.children("--prepare")
    before = process.memory_info().rss
    length = {"transfer_encoding": "chunked"} if chunked else {"content_length": HUGE}
    with connection(port) as opened:
        opened.sendall(head(method, path, port, **length))
        sent = send_body(opened, 64 * MEBIBYTE, chunked=chunked)
        assert process.memory_info().rss - before < 16 * MEBIBYTE
        assert not nameless_files(process)
        said = answer(opened, sent)
    assert (said.status, said.closed) == (413, True)
    assert said.headers["content-type"].startswith(kind)
    assert said.headers["connection"] == "close"
    assert live_stigmer.status("/healthz") == 200


def nameless_files(process: psutil.Process) -> list[str]:
    """Its open files that no folder lists: where a server keeps a body on the disk."""
    found = []
    for link in Path(f"/proc/{process.pid}/fd").iterdir():
        with suppress(OSError):
            found.append(os.readlink(link))
    return [name for name in found if name.endswith("(deleted)")]


def test_who_waits_before_sending_is_refused_without_being_asked_to_go_on(
    live_stigmer: LiveStigmer,
) -> None:
    port = int(live_stigmer.base_url.rpartition(":")[2])
    with connection(port) as opened:
        opened.sendall(head("POST", "/healthz", port, content_length=HUGE, expect="100-continue"))
        said = answer(opened)
    assert (said.status, said.closed) == (413, True)
