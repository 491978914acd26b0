"""A database that is away: what runs goes on, what it found waits in memory, and nothing runs
twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from executions.models import Attempt, Execution, LateAnswer
from executions.verbs.deciding import decisions
from tests.driving.texts import get, tasks
from tests.faults.harness.proxy import Proxy
from tests.settings import TEST_FOLDER
from tests.waiting import until
from tests.worker.conftest import database_url

pytestmark = [
    pytest.mark.database,
    pytest.mark.processes,
    pytest.mark.skipif(
        settings.DATABASES["default"]["ENGINE"].endswith("sqlite"),
        reason="a file that is away is tried by hand",
    ),
]


@pytest.fixture
def proxy(short_folder: Path) -> Iterator[Proxy]:
    with Proxy(TEST_FOLDER / "postgres", short_folder / "proxy") as running:
        yield running


def through(proxy: Proxy) -> str:
    return database_url().replace(str(TEST_FOLDER / "postgres"), str(proxy.folder))


@pytest.mark.parametrize("effect", ["idempotent", "at_most_once"])
def test_a_call_that_ends_while_the_database_is_away_is_written_when_it_is_back_and_not_made_again(
    worker, begin, ends, gated, proxy, log, effect
):
    process = worker(DATABASE_URL=through(proxy))
    execution = begin(
        tasks(a=get(f"{gated.url}/gated", f"metadata: {{effect: {effect}}}"), b="{set: {n: 1}}")
    )
    until(lambda: gated.inside == 1, what="the call is under way")
    proxy.hang_up()
    gated.gate.set()
    until(
        lambda: "no heartbeat reaches the database" in log.read_text(),
        what="the worker knows that it is cut off",
    )
    assert Execution.objects.get(pk=execution.pk).phase == "IN_PROGRESS"
    proxy.serve()
    ended = ends(execution)
    assert (len(gated.seen), ended.token, process.poll()) == (1, 1, None)
    assert not Attempt.objects.exists()


def test_what_is_started_while_a_worker_is_cut_off_is_driven_when_it_is_back(
    worker, begin, ends, proxy, log
):
    worker(DATABASE_URL=through(proxy))
    proxy.hang_up()
    executions = [begin(tasks(a="{set: {n: 1}}"), name=f"w{n}") for n in range(5)]
    until(
        lambda: "no heartbeat reaches the database" in log.read_text(),
        what="the worker knows that it is cut off",
    )
    proxy.serve()
    for execution in executions:
        ends(execution)


def test_a_worker_that_is_cut_off_can_be_stopped(worker, proxy, log):
    process = worker(DATABASE_URL=through(proxy))
    proxy.hang_up()
    until(
        lambda: "no heartbeat reaches the database" in log.read_text(),
        what="the worker knows that it is cut off",
    )
    process.terminate()
    assert process.wait(60) == 0, log.read_text()


def test_who_was_taken_over_while_it_was_cut_off_ends_itself_and_writes_nothing(
    worker, begin, ends, gated, proxy, log
):
    cut_off = worker(DATABASE_URL=through(proxy))
    execution = begin(tasks(a=get(f"{gated.url}/gated")))
    until(lambda: gated.inside == 1, what="the call is under way")
    worker()
    proxy.hang_up()
    until(lambda: gated.inside == 2, what="the other worker took it over")
    proxy.serve()
    assert cut_off.wait(30) == 1
    gated.gate.set()
    assert ends(execution).token == 2


def test_the_answer_of_what_may_happen_only_once_is_kept_though_its_worker_was_taken_for_dead(
    worker, begin, ends, gated, proxy, log, alice
):
    cut_off = worker(DATABASE_URL=through(proxy))
    execution = begin(tasks(a=get(f"{gated.url}/gated", "metadata: {effect: at_most_once}")))
    until(lambda: gated.inside == 1, what="the call is under way")
    worker()
    proxy.hang_up()
    asked = ends(execution, "WAITING", seconds=60)
    assert asked.waiting_for == "decision"
    proxy.serve()
    until(
        lambda: "declared dead by others" in log.read_text(),
        what="it knows that it was taken for dead",
    )
    gated.gate.set()
    assert cut_off.wait(60) == 1, log.read_text()
    until(lambda: LateAnswer.objects.exists(), what="its answer is kept")
    decisions.decide(execution.pk, alice, "mark_done")
    assert ends(execution).output == {"through": True}
    assert len(gated.seen) == 1
