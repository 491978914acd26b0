"""Agents driven by real worker processes, which are killed at the worst moments."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import redis
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import F

from executions.models import Attempt, Execution
from executions.states import Phase
from executions.verbs.deciding import control
from tests.agents.conftest import Demo, calls, step
from tests.processes import below, lives
from tests.waiting import until
from tests.worker import conftest as workers

pytestmark = [
    pytest.mark.database,
    pytest.mark.processes,
    pytest.mark.django_db(transaction=True),
]
log, worker, ends = workers.log, workers.worker, workers.ends
Begin = Callable[..., Execution]
Ends = Callable[..., Execution]
# Some seconds of text.
LONG = {"say": "word " * 60, "rate": 15}


@pytest.fixture
def start(worker: workers.Start, tmp_path: Path) -> Callable[[], subprocess.Popen[bytes]]:
    """A worker that knows the tools of these tests."""

    def started() -> subprocess.Popen[bytes]:
        return worker(
            STIGMER_FUNCTION_MODULES="tests.agents.functions",
            STIGMER_TEST_NOTES=tmp_path / "notes",
            turned={"executions.calls.model.MODEL_RETRY_DELAYS": [0, 0, 0]},
        )

    return started


@pytest.fixture(autouse=True)
def closed(redis_client: redis.Redis) -> Iterator[None]:
    yield
    connection.close()


def minds_of(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    return below(process.pid, "executions.mind.child")


def mind_of(process: subprocess.Popen[bytes]) -> psutil.Process:
    found = until(lambda: next(iter(minds_of(process)), None), what="the worker has a mind")
    assert found is not None
    return found


def is_streaming(demo: Demo, number: int) -> None:
    until(lambda: len(demo.ledger()) == number, what=f"request {number} is being answered")


def test_a_worker_killed_in_the_middle_of_a_stream_loses_that_turn_alone(
    start: Any, begin: Begin, ends: Ends, demo: Demo, tmp_path: Path
) -> None:
    demo.plays(calls(("agents_stock", {"sku": "tea"})), LONG)
    first = start()
    execution = begin("look", tools=["agents.stock"])
    is_streaming(demo, 2)
    mind = mind_of(first)
    first.kill()
    first.wait()
    until(lambda: not lives(mind), what="the mind ends with its worker")
    start()
    execution = ends(execution)
    assert execution.phase == Phase.COMPLETED
    # The first turn was stored and is paid for once; of the second the first answer was lost.
    assert [entry["in_full"] for entry in demo.ledger()] == [True, False, True]
    assert len(set(demo.billed())) == 2
    assert (tmp_path / "notes").read_text().splitlines() == ["stock tea"]
    outcomes = Attempt.objects.filter(step__path="/turn/2").order_by("number")
    assert list(outcomes.values_list("outcome", flat=True)) == ["lost", "succeeded"]


def test_a_mind_that_dies_is_replaced_and_the_worker_goes_on(
    start: Any, begin: Begin, ends: Ends, demo: Demo
) -> None:
    demo.plays({"tries": [LONG, {"say": "Again."}]})
    process = start()
    execution = begin()
    is_streaming(demo, 1)
    mind_of(process).kill()
    assert ends(execution).output["text"] == "Again."
    assert process.poll() is None
    rule = step(execution, "/turn/1").attempts.get(number=1).rule
    assert rule.startswith("model: mind died")


def test_a_cancel_breaks_the_stream_off(
    start: Any, begin: Begin, ends: Ends, demo: Demo, alice: User
) -> None:
    demo.plays(LONG | {"rate": 2})
    start()
    execution = begin()
    is_streaming(demo, 1)
    control.cancel(execution.pk, alice)
    ends(execution, "CANCELLED")
    until(lambda: demo.ledger()[0]["output_tokens"] > 0, what="the server sees that nobody listens")
    assert demo.ledger()[0]["in_full"] is False


def test_a_lost_lease_breaks_the_stream_off_long_before_the_answer_ends(
    start: Any, begin: Begin, demo: Demo
) -> None:
    demo.plays(LONG | {"rate": 2})
    start()
    execution = begin()
    is_streaming(demo, 1)
    # As another worker does that takes it over.
    Execution.objects.filter(pk=execution.pk).update(token=F("token") + 1)
    until(lambda: demo.ledger()[0]["output_tokens"] > 0, what="the server sees that nobody listens")
    # The answer would take half a minute; a lost lease is looked for once a second.
    assert demo.ledger()[0]["in_full"] is False


def test_a_worker_that_drives_no_agent_has_no_mind(
    start: Any, begin: Begin, ends: Ends, demo: Demo
) -> None:
    process = start()
    assert minds_of(process) == []
    demo.plays({"say": "Hello."})
    assert ends(begin()).phase == Phase.COMPLETED
    assert len(minds_of(process)) == 1
