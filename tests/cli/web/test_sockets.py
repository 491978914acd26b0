"""What the web server lets through a WebSocket: what a page is sent may be large, what a page says
may not.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from executions.cli.web.sockets import MESSAGES_AT_ONCE
from executions.live.closing import Close
from tests import server_logs
from tests.cli.talking import LONG, TOLD
from tests.faults.harness.websocket import Closed, WebSocket
from tests.live import ROOT, free_ports
from tests.waiting import START_SECONDS, until

pytestmark = pytest.mark.processes
TOO_BIG = 1009
CODES = [code.value for code in Close]


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    (port,) = free_ports(1)
    ours = {"STIGMER_PORT": str(port), "STIGMER_HOME": str(tmp_path / "home")}
    settings = {"DJANGO_SETTINGS_MODULE": "stigmer_site.settings"}
    with server_logs.writing(tmp_path / "log") as log:
        command = [sys.executable, "-m", "tests.cli.talking"]
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **ours, **settings}, stdout=log, stderr=log
        )
    try:
        until(lambda: listens(port), what="the server listens", seconds=START_SECONDS)
        yield port
    finally:
        process.kill()
        process.wait()


def listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def test_a_large_message_reaches_the_page(port: int) -> None:
    async def scenario() -> int:
        page = await WebSocket.open(port, "/live/", "")
        heard = await page.hear()
        await page.drop()
        return len(heard["long"])

    assert asyncio.run(scenario()) == LONG


def test_messages_that_are_sent_together_reach_each_page_whole_and_in_order(port: int) -> None:
    async def scenario() -> None:
        for _ in range(2):
            page = await WebSocket.open(port, "/live/", "")
            await page.hear()
            page.say({"together": True})
            assert [await page.hear() for _ in TOLD] == TOLD
            await page.drop()

    asyncio.run(scenario())


def test_a_large_message_of_a_page_ends_its_connection(port: int) -> None:
    async def scenario() -> None:
        page = await WebSocket.open(port, "/live/", "")
        await page.hear()
        page.say({"small": "x" * 1000})
        assert await page.hear() == {"small": "x" * 1000}
        page.say({"large": "x" * 65_536})
        with pytest.raises(Closed) as closed:
            await page.hear()
        await page.drop()
        assert closed.value.code == TOO_BIG

    asyncio.run(scenario())


def test_a_large_message_in_many_frames_ends_its_connection_before_it_is_whole(port: int) -> None:
    async def scenario() -> int:
        page = await WebSocket.open(port, "/live/", "")
        await page.hear()
        part = b"x" * 10_000
        page._write(0x01, b"", fin=False)
        for _ in range(8):
            page._write(0x00, part, fin=False)
        with pytest.raises(Closed) as closed:
            await page.hear()
        await page.drop()
        return closed.value.code

    assert asyncio.run(scenario()) == TOO_BIG


@pytest.mark.parametrize("kind", ["messages", "pings"])
def test_who_says_too_much_at_once_is_asked_to_come_back_later(port: int, kind: str) -> None:
    async def scenario() -> tuple[int, int]:
        page = await WebSocket.open(port, "/live/", "")
        await page.hear()
        for number in range(1000):
            if kind == "messages":
                page.say({"number": number})
            else:
                page._write(0x09, b"")
        heard = 0
        with pytest.raises(Closed) as closed:
            while True:
                await page.hear()
                heard += 1
        await page.drop()
        return closed.value.code, heard

    code, heard = asyncio.run(scenario())
    assert code == Close.TOO_MANY
    assert heard <= 2 * MESSAGES_AT_ONCE


@pytest.mark.parametrize("code", CODES)
def test_every_code_that_is_documented_reaches_the_page(port: int, code: int) -> None:
    async def scenario() -> int:
        page = await WebSocket.open(port, "/live/", "")
        await page.hear()
        page.say({"close": code})
        with pytest.raises(Closed) as closed:
            await page.hear()
        await page.drop()
        return closed.value.code

    assert asyncio.run(scenario()) == code
    assert str(code) in (ROOT / "docs" / "api.md").read_text()
