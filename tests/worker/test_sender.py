"""A worker tells sinks: a receiver that hangs holds nobody up, and a worker that is killed between
sending and writing that down sends again, with the same id.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User

from executions.models import Channel, Execution, Sending
from executions.outbound import channels, lifecycle
from executions.states import Phase
from tests.driving.texts import tasks
from tests.outbound.receiver import HANG, Receiver
from tests.waiting import until
from tests.worker.conftest import Start

pytestmark = [pytest.mark.database, pytest.mark.processes]
RUN = tasks(first="{set: {n: 1}}", last="{set: {n: 2}}")
ENDS = f"{lifecycle.PREFIX}workflow.completed.v1"


@pytest.fixture
def admin(transactional_db: None) -> User:
    return User.objects.create_superuser("root")


@pytest.fixture
def receivers() -> Iterator[list[Receiver]]:
    made = [Receiver(), Receiver()]
    yield made
    for each in made:
        each.close()


def declare(admin: User, name: str, receiver: Receiver, *types: str) -> Channel:
    return channels.create(admin, channels.Wanted(name, receiver.url, list(types)))


def completed() -> int:
    return Execution.objects.filter(phase=Phase.COMPLETED).count()


def test_a_receiver_that_hangs_keeps_neither_runs_nor_other_sinks_waiting(
    worker: Start, begin: Any, admin: User, receivers: list[Receiver]
) -> None:
    hanging, good = receivers
    hanging.answers = lambda event: HANG
    declare(admin, "hanging", hanging)
    declare(admin, "good", good, ENDS)
    worker()
    for number in range(5):
        begin(RUN, {}, name=f"r{number}")
    until(lambda: completed() == 5, what="all runs have ended")
    until(lambda: len(good.came) == 5, what="the good sink has heard all")
    assert {event["type"] for event in good.events} == {ENDS}
    until(lambda: hanging.came, what="the hanging one was tried")


def test_what_was_sent_by_a_worker_that_was_killed_is_sent_again_with_its_id(
    worker: Start, begin: Any, admin: User, receivers: list[Receiver]
) -> None:
    receiver = receivers[0]
    first = worker()

    def dies(event: dict[str, Any]) -> int:
        """The receiver has it; its answer is never heard."""
        if first.poll() is None and event["type"].endswith("workflow.started.v1"):
            os.kill(first.pid, signal.SIGKILL)
            return HANG
        return 204

    receiver.answers = dies
    declare(admin, "all", receiver)
    begin(RUN, {}, name="run")
    until(lambda: first.poll() is not None, what="the worker was killed")
    worker()
    until(lambda: completed() == 1, what="the run has ended")
    until(
        lambda: Sending.objects.exists() and not Sending.objects.waiting().exists(),
        what="all was sent",
        seconds=60,
    )
    ids = Counter(event["id"] for event in receiver.events)
    assert sorted(ids.values())[-1] == 2
    assert set(ids) == {row.body["id"] for row in Sending.objects.all()}
    assert receiver.events[0]["id"] in [each for each, count in ids.items() if count == 2]
    assert [event["type"] for event in receiver.events][-1] == ENDS
