"""The demo shop on a free port."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from executions.demo.server import ShopServer


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[ShopServer]:
    with ShopServer("127.0.0.1", 0, tmp_path) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.stop()
        thread.join()


@pytest.fixture
def client(shop: ShopServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=shop.address, timeout=60, trust_env=False) as client:
        yield client
