"""What the web server lets through a WebSocket: what a page is sent may be large, what a page says may not."""

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

from tests.cli.talking import LONG
from tests.faults.harness.websocket import ABNORMAL, Closed, WebSocket
from tests.live import ROOT, free_ports
from tests.waiting import until

pytestmark = pytest.mark.processes
TOO_BIG = 1009


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    (port,) = free_ports(1)
    ours = {"STIGMER_PORT": str(port), "STIGMER_HOME": str(tmp_path / "home")}
    settings = {"DJANGO_SETTINGS_MODULE": "stigmer_site.settings"}
    with (tmp_path / "log").open("wb") as log:
        command = [sys.executable, "-m", "tests.cli.talking"]
        process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **ours, **settings}, stdout=log, stderr=log)
    try:
        until(lambda: listens(port), what="the server listens")
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
        assert closed.value.code in (TOO_BIG, ABNORMAL)

    asyncio.run(scenario())
