"""A misbehaving server and the surroundings of an attempt."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from executions.calls.context import Cancellation, Deadline, StepContext
from executions.calls.http import loop
from executions.secrets import Secrets
from tests.calls.http.faults import FaultServer

SECRET = "s3cret-value"
SECRETS = Secrets({"key": SECRET, "other": "never declared"}, nonce="5f1c0ffee")
PLACEHOLDER = SECRETS.placeholders(["key"])["key"]


def make_context(
    *, seconds: float = 20.0, cancellation: Cancellation | None = None, **limits: Any
) -> StepContext:
    """``uri_variables``: the input of a task whose address is written in the workflow; without them
    the address came from data.
    """
    limits.setdefault("http_allowed_hosts", ["127.0.0.1"])
    variables = limits.pop("uri_variables", None)
    written = limits.pop("written", {"endpoint": "${ .address }"})
    return StepContext(
        execution_id="wex-1",
        correlation_id="correlation-1",
        path="/charge",
        attempt=1,
        idempotency_key="wex-1/charge/1",
        deadline=Deadline(seconds),
        secrets=SECRETS,
        cancellation=cancellation or Cancellation(),
        limits=limits,
        written=written if variables is None else {},
        input=variables,
    )


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as running:
        yield running


@pytest.fixture(scope="session", autouse=True)
def stop_the_call_loop() -> Iterator[None]:
    yield
    loop.close()
