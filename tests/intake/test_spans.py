"""Spans where OpenTelemetry is there, nothing where it is not."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from executions.intake.spans import span


def test_without_opentelemetry_a_span_is_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", None)
    with span("p/Look"):
        pass


def test_with_opentelemetry_each_stage_opens_a_span(monkeypatch: pytest.MonkeyPatch) -> None:
    names: list[str] = []

    class Tracer:
        @contextmanager
        def start_as_current_span(self, name: str) -> Iterator[None]:
            names.append(name)
            yield

    trace = types.ModuleType("opentelemetry.trace")
    trace.get_tracer = lambda name: Tracer()  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "opentelemetry", types.ModuleType("opentelemetry"))
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", trace)
    with span("p/Look"):
        pass
    assert names == ["p/Look"]
