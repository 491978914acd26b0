"""What every test may use. The services start once, in the process that was called, and stop with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import redis
from django.conf import settings

from tests import services
from tests import settings as test_settings

_running = pytest.StashKey[ExitStack]()


def pytest_configure(config: pytest.Config) -> None:
    if config.option.collectonly or config.option.help or not services.is_first_process():
        return
    stack = config.stash[_running] = ExitStack()
    folder = test_settings.TEST_FOLDER
    stack.enter_context(services.redis_server(folder, folder / "redis.sock"))
    if test_settings.TEST_DATABASE == "postgres":
        stack.enter_context(services.postgres_server(folder / "postgres"))


def pytest_unconfigure(config: pytest.Config) -> None:
    if _running in config.stash:
        config.stash[_running].close()


@pytest.fixture
def redis_client() -> Iterator[redis.Redis]:
    """The run's real Redis, emptied before the test."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.flushall()
        yield client
