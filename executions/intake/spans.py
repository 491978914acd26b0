"""Spans of OpenTelemetry, where it is installed and an SDK is set up (docs/deploy.md); otherwise
nothing happens.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

try:
    from opentelemetry import trace
except ImportError:
    trace = None  # type: ignore[assignment]


@contextmanager
def span(name: str, about: Mapping[str, object] | None = None) -> Iterator[None]:
    """Everything inside belongs to the span ``name``; what is raised is recorded on it and raised
    on.

    ``about`` is shown as its attributes, ``stigmer.<name>``.
    """
    if trace is None:
        yield
        return
    attributes = {f"stigmer.{key}": str(value) for key, value in (about or {}).items()}
    with trace.get_tracer("stigmer").start_as_current_span(name, attributes=attributes):
        yield
