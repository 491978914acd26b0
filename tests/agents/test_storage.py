"""What a long run costs in rows: each message once, not once for each turn after it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from executions.models import Attempt, Event, Execution, Step
from executions.states import Phase
from tests.agents.conftest import Demo, calls

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]
# `STIGMER_TEST_TURNS=200` takes minutes: the requests grow with the square.
TURNS = int(os.environ.get("STIGMER_TEST_TURNS", "30"))
KILOBYTES = 48


def _size(model: Any, execution: Execution) -> int:
    """The bytes of all columns of the rows of a run."""
    name = "pk" if model is Execution else "step__execution" if model is Attempt else "execution"
    rows = model.objects.filter(**{name: execution.pk}).values()
    return sum(len(str(value)) for row in rows for value in row.values())


def test_a_long_run_keeps_each_message_once(
    begin: Callable[..., Execution],
    drive: Callable[[Execution], Execution],
    demo: Demo,
    settings: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.STIGMER_FUNCTION_MODULES = ["tests.agents.functions"]
    monkeypatch.setenv("STIGMER_TEST_NOTES", str(tmp_path / "notes"))
    reads = [
        calls(("agents_reads", {"part": n, "kilobytes": KILOBYTES}), say="Next.")
        for n in range(TURNS)
    ]
    demo.plays(*reads, {"say": "Done."})
    limits = {"turns": 1_000, "toolCalls": 1_000, "tokens": 10**9, "seconds": 10**6}
    execution = drive(begin("read all", tools=["agents.reads"], limits=limits))
    assert execution.phase == Phase.COMPLETED, execution.failure_reason
    outputs = Step.objects.filter(execution=execution).values_list("output", flat=True)
    messages = sum(len(json.dumps(output)) for output in outputs if output is not None)
    stored = sum(_size(model, execution) for model in (Execution, Step, Attempt, Event))
    print(f"{TURNS} turns: {messages:,} bytes of messages, {stored:,} bytes in rows", end=" ")
    print(f"({stored / messages:.3f} times), {connection.vendor}")
    assert stored <= 1.5 * messages
