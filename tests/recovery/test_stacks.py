"""Where the functions of a run are, asked of its worker over Redis."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
import redis
from django.contrib.auth.models import User

from executions import clock
from executions.calls.python import stacks as running
from executions.errors import Refused
from executions.models import AuditEntry, Execution, Process
from executions.recovery import stacks
from executions.streams import asking
from tests.driving.conftest import alice, begin, known_functions  # noqa: F401
from tests.driving.texts import tasks
from tests.waiting import until

pytestmark = pytest.mark.django_db


@pytest.fixture
def driven(begin: Callable[..., Any]) -> Execution:  # noqa: F811
    """A run in the hands of a worker that lives."""
    run: Execution = begin(tasks(first="{set: {n: 1}}"))
    process = Process.objects.create(kind="worker", host="here", pid=1, slots=4)
    Execution.objects.filter(pk=run.pk).update(
        phase="IN_PROGRESS", process=process, wake_at=None, started_at=clock.now()
    )
    run.refresh_from_db()
    return run


@pytest.fixture
def admin(db: None) -> User:
    return User.objects.create_superuser("root")


def test_a_function_in_a_thread_of_the_worker_says_where_it_is(
    driven: Execution, admin: User, redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert driven.process_id is not None
    monkeypatch.setattr(asking, "ANSWER_SECONDS", 60)
    over, begun, process_id = threading.Event(), threading.Event(), driven.process_id

    def work() -> None:
        with running.at_work(driven.public_id, "/first", "shop.count", None):
            begun.set()
            over.wait(300)

    worker = threading.Thread(target=work)
    worker.start()

    def listen() -> None:
        until(
            lambda: asking.hear(process_id, running.of, lambda: None),
            what="the question is heard",
        )

    listener = threading.Thread(target=listen)
    try:
        begun.wait(60)
        listener.start()
        shown = stacks.stack(driven, admin)
    finally:
        over.set()
        worker.join()
        listener.join()
    assert shown.said == ""
    [call] = shown.calls
    assert (call["function"], call["path"]) == ("shop.count", "/first")
    frames = [(frame["file"], frame["function"]) for frame in call["stacks"][0]]
    assert ("tests/recovery/test_stacks.py", "work") in frames
    assert AuditEntry.objects.filter(verb="read stack", actor=admin, execution=driven).exists()
    assert running.of(driven.public_id) == []


def test_without_a_worker_a_sentence_says_so(
    driven: Execution, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "ask", lambda process_id, execution_id: None)
    assert "did not answer in time" in stacks.stack(driven, admin).said
    Process.objects.update(dead_at=clock.now())
    assert "is gone" in stacks.stack(driven, admin).said
    Execution.objects.update(phase="PAUSED", process=None)
    driven.refresh_from_db()
    assert "No worker drives it" in stacks.stack(driven, admin).said


def test_the_owner_may_not_ask_and_nobody_asks_without_end(
    driven: Execution, admin: User, redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "ask", lambda process_id, execution_id: [])
    with pytest.raises(Refused, match="Administrators and support"):
        stacks.stack(driven, driven.owner)
    with pytest.raises(Refused, match="a minute"):
        for _ in range(500):
            stacks.stack(driven, admin)
