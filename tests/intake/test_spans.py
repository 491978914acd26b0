"""Spans as OpenTelemetry's own SDK receives them, and none where it is not installed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from executions.errors import Refused
from executions.intake import spans
from executions.intake.create_execution import WORKFLOW_EXECUTION_CREATE
from executions.intake.start import start

pytestmark = pytest.mark.django_db
NAME = "workflow-execution-create"


@pytest.fixture
def exporter(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    """What the process's provider would export; OpenTelemetry lets a process name its provider only
    once.
    """
    collected = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(collected))
    monkeypatch.setattr(trace, "get_tracer", provider.get_tracer)
    yield collected
    provider.shutdown()


def test_each_stage_is_a_span_within_that_of_its_pipeline(exporter, workflow, alice):
    execution = start(workflow, alice, input={})
    *stages, whole = exporter.get_finished_spans()
    assert whole.name == NAME and whole.attributes == {"stigmer.execution_id": execution.public_id}
    assert [each.name for each in stages] == [
        f"{NAME}/{step}" for step in WORKFLOW_EXECUTION_CREATE.steps
    ]
    assert {each.parent.span_id for each in stages} == {whole.context.span_id}
    assert all(
        whole.start_time <= each.start_time <= each.end_time <= whole.end_time for each in stages
    )


def test_a_stage_that_refuses_is_marked_as_an_error_and_ends_the_pipeline(
    exporter, workflow, alice
):
    with pytest.raises(Refused):
        start(workflow, alice, input={}, name="a\tb")
    stage, whole = exporter.get_finished_spans()
    assert stage.name == f"{NAME}/Validate"
    for each in (stage, whole):
        assert not each.status.is_ok and "printable" in each.status.description
        assert each.events[0].name == "exception"


def test_without_opentelemetry_a_span_is_nothing(monkeypatch):
    monkeypatch.setattr(spans, "trace", None)
    with spans.span("a", {"b": 1}), pytest.raises(ZeroDivisionError), spans.span("c"):
        1 // 0  # noqa: B018
