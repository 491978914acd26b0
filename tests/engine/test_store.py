"""Where transactions run: few fair writers, one COMMIT for those that wait, nothing after the end."""

from __future__ import annotations

import threading

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from executions.engine.store import Here, Writers, run_again_if_refused
from executions.errors import Fenced
from executions.models import Process

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]


@pytest.fixture(params=[1, 16], ids=["alone", "sharing"])
def writers(request):
    running = Writers(1, batch=request.param)
    yield running
    running.close()


def make(host: str) -> str:
    return Process.objects.create(kind="worker", host=host, pid=1).host


def test_what_the_work_gives_or_raises_comes_back(writers):
    assert writers.call(lambda: make("one")) == "one"
    with pytest.raises(ZeroDivisionError):
        writers.call(lambda: 1 // 0)


def test_one_that_fails_takes_nobody_else_with_it(writers):
    """The writer is held until all wait, so that they share a COMMIT where they may."""
    held, go = threading.Event(), threading.Event()

    def hold() -> None:
        held.set()
        go.wait(30)

    def twice() -> None:
        with transaction.atomic():
            process = Process.objects.create(kind="worker", host="bad", pid=1)
            Process.objects.create(pk=process.pk, kind="worker", host="bad", pid=1)

    results: dict[str, object] = {}

    def call(name: str, work: object) -> None:
        try:
            results[name] = writers.call(work)
        except IntegrityError:
            results[name] = "refused"

    threads = [threading.Thread(target=call, args=("hold", hold))]
    threads[0].start()
    held.wait(30)
    works = {f"good-{n}": (lambda n=n: make(f"good-{n}")) for n in range(6)} | {"bad": twice}
    threads += [threading.Thread(target=call, args=item) for item in works.items()]
    for thread in threads[1:]:
        thread.start()
    go.set()
    for thread in threads:
        thread.join(30)
    assert results.pop("bad") == "refused"
    assert set(Process.objects.values_list("host", flat=True)) == {f"good-{n}" for n in range(6)}


def test_nobody_is_answered_before_the_commit(writers):
    seen = []

    def work() -> None:
        make("x")
        transaction.on_commit(lambda: seen.append("committed"))

    with_transaction = transaction.atomic(work)
    writers.call(with_transaction)
    assert seen == ["committed"]


def test_once_closed_they_write_nothing_and_say_so():
    writers = Writers(2)
    writers.close()
    with pytest.raises(Fenced):
        writers.call(lambda: make("late"))
    assert not Process.objects.exists()


def test_what_waits_when_they_are_closed_is_written():
    writers = Writers(1)
    threads = [threading.Thread(target=lambda n=n: writers.call(lambda: make(str(n)))) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    writers.close()
    assert Process.objects.count() == 20


def test_a_transaction_that_the_database_refused_runs_again():
    tries = []

    def work() -> str:
        tries.append(1)
        if len(tries) < 3:
            raise OperationalError("database is locked")
        return "done"

    assert run_again_if_refused(work) == "done"
    assert len(tries) == 3


def test_it_gives_up_after_a_bounded_number_of_tries():
    tries = []

    def work() -> None:
        tries.append(1)
        raise OperationalError("deadlock detected")

    with pytest.raises(OperationalError):
        Here().call(work)
    assert 1 < len(tries) < 10


def test_what_may_have_been_committed_does_not_run_again():
    tries = []

    def work() -> None:
        tries.append(1)
        raise OperationalError("server closed the connection unexpectedly")

    with pytest.raises(OperationalError):
        Here().call(work)
    assert len(tries) == 1


def test_inside_a_transaction_nothing_runs_again():
    tries = []

    def work() -> None:
        tries.append(1)
        raise OperationalError("database is locked")

    with pytest.raises(OperationalError), transaction.atomic():
        Here().call(work)
    assert len(tries) == 1
    assert not connection.in_atomic_block
