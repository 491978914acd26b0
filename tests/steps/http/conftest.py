"""A misbehaving server and the surroundings of an attempt."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from executions.steps import http
from executions.steps.context import Cancellation, Deadline, StepContext
from tests.steps.http.faults import FaultServer

SECRET, PLACEHOLDER = "s3cret-value", "placeholder-7f3a"


class OneSecret:
    """Knows one secret by its placeholder."""

    def fill(self, value: Any) -> Any:
        return _everywhere(value, PLACEHOLDER, SECRET)

    def redact(self, value: Any) -> Any:
        return _everywhere(value, SECRET, "[secret key]")


def _everywhere(value: Any, old: str, new: str) -> Any:
    if isinstance(value, str):
        return value.replace(old, new)
    if isinstance(value, dict):
        return {key: _everywhere(item, old, new) for key, item in value.items()}
    if isinstance(value, list):
        return [_everywhere(item, old, new) for item in value]
    return value


ContextMaker = Callable[..., StepContext]


def make_context(*, seconds: float = 20.0, cancellation: Cancellation | None = None, **limits: Any) -> StepContext:
    limits.setdefault("http_allowed_hosts", ["127.0.0.1"])
    return StepContext(
        execution_id="wex-1",
        correlation_id="correlation-1",
        path="/charge",
        attempt=1,
        idempotency_key="wex-1/charge/1",
        deadline=Deadline(seconds),
        secrets=OneSecret(),
        cancellation=cancellation or Cancellation(),
        limits=limits,
    )


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as running:
        yield running


@pytest.fixture(scope="session", autouse=True)
def stop_the_call_loop() -> Iterator[None]:
    yield
    http.close()
