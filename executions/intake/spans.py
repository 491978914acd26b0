"""A span per stage where OpenTelemetry is installed; without it, or without an SDK that is set up, nothing happens."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def _tracer() -> Any:
    try:
        trace = importlib.import_module("opentelemetry.trace")
    except ImportError:
        return None
    return trace.get_tracer("stigmer.intake")


@contextmanager
def span(name: str) -> Iterator[None]:
    """Everything inside belongs to the span ``name``; what is raised is recorded on it and raised on."""
    tracer = _tracer()
    if tracer is None:
        yield
        return
    with tracer.start_as_current_span(name):
        yield
