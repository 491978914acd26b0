"""A worker tells people: a mail server that hangs holds up neither runs nor other channels, and a
worker that is killed while it sends sends the same message again.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from executions import clock
from executions.models import Channel, Execution, Sending
from executions.outbound import channels
from executions.outbound.channels import Wanted
from executions.states import Phase
from tests.driving.texts import call, tasks
from tests.outbound.postbox import HANG, Postbox
from tests.outbound.receiver import HANG as HANG_BY_HTTP
from tests.outbound.receiver import Receiver
from tests.waiting import until
from tests.worker.conftest import Start

pytestmark = [pytest.mark.database, pytest.mark.processes]


@pytest.fixture
def admin(transactional_db: None) -> User:
    return User.objects.create_superuser("root")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def postbox() -> Iterator[Postbox]:
    made = Postbox()
    yield made
    made.close()


def failing(tmp_path: Any) -> str:
    ledger = str(tmp_path / "ledger")
    return tasks(risky=call("fails", ledger=ledger, times=99, transient=False))


def test_a_mail_server_that_hangs_holds_up_neither_runs_nor_other_channels(
    worker: Start,
    begin: Any,
    admin: User,
    receiver: Receiver,
    postbox: Postbox,
    settings: Any,
    tmp_path: Any,
) -> None:
    postbox.at_data = HANG
    settings.EMAIL_HOST = "127.0.0.1"
    for number in range(4):
        channels.create(admin, Wanted(f"mail{number}", "ops@example.org", kind="mail"))
    channels.create(admin, Wanted("chat", receiver.url, kind="webhook"))
    worker(STIGMER_MAIL_URL=f"smtp://127.0.0.1:{postbox.port}")
    begin(failing(tmp_path), {}, name="first")
    until(lambda: postbox.came, what="the mail server has a message and says nothing")
    begin(failing(tmp_path), {}, name="second")
    until(
        lambda: Execution.objects.filter(phase=Phase.FAILED).count() == 2,
        what="both runs have ended",
    )
    until(lambda: len(receiver.came) == 2, what="the chat was told of both", seconds=60)
    assert Sending.objects.filter(channel__kind="mail").waiting().count() == 8


def test_a_message_that_a_killed_worker_sent_goes_again_with_its_id(
    worker: Start, begin: Any, admin: User, receiver: Receiver, tmp_path: Any
) -> None:
    first = worker()

    def dies(notice: dict[str, Any]) -> int:
        """The receiver has it; its answer is never heard."""
        if first.poll() is None:
            os.kill(first.pid, signal.SIGKILL)
            return HANG_BY_HTTP
        return 204

    receiver.answers = dies
    channels.create(admin, Wanted("chat", receiver.url, kind="webhook"))
    Channel.objects.update(hears_from=clock.now() - timedelta(seconds=5))
    begin(failing(tmp_path), {}, name="run")
    until(lambda: first.poll() is not None, what="the worker was killed", seconds=60)
    worker()
    until(
        lambda: Sending.objects.exists() and not Sending.objects.waiting().exists(),
        what="all was sent",
        seconds=90,
    )
    assert len(receiver.came) == 2
    assert len({notice["id"] for notice in receiver.events}) == 1
