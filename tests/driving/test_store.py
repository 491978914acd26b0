"""Where transactions run: few fair writers, one COMMIT for those that wait, nothing after the
end.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings as django_settings
from django.db import IntegrityError, OperationalError, connection, transaction

from executions.driving.store import Impatient, Writers
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
    works = {f"good-{n}": lambda n=n: make(f"good-{n}") for n in range(6)} | {"bad": twice}
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
    threads = [
        threading.Thread(target=lambda n=n: writers.call(lambda: make(str(n)))) for n in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    writers.close()
    assert Process.objects.count() == 20


@pytest.mark.skipif(
    django_settings.DATABASES["default"]["ENGINE"].endswith("postgresql"),
    reason="how PostgreSQL fills up is tried in tests/faults/harness/f09_full_disk.py",
)
def test_what_meets_a_full_disk_waits_and_is_written_when_there_is_room():
    writers, tried, room = Writers(1, batch=4), threading.Event(), threading.Event()

    def work() -> int:
        with connection.cursor() as cursor:
            if not room.is_set():
                pages = cursor.execute("PRAGMA page_count").fetchone()[0]
                cursor.execute(f"PRAGMA max_page_count={pages}")
            else:
                cursor.execute("PRAGMA max_page_count=1073741823")
        tried.set()
        rows = [Process(kind="worker", host="x" * 200, pid=n) for n in range(5_000)]
        return len(Process.objects.bulk_create(rows))

    answers: list[int] = []
    thread = threading.Thread(target=lambda: answers.append(writers.call(work)))
    thread.start()
    assert tried.wait(30)
    assert not answers
    room.set()
    thread.join(60)
    writers.close()
    assert answers == [5_000]
    assert Process.objects.count() == 5_000


def test_who_waits_for_a_database_that_is_away_is_let_go_when_the_writers_close():
    writers, tried = Writers(1), threading.Event()

    def work() -> None:
        tried.set()
        raise OperationalError("server closed the connection unexpectedly")

    raised: list[BaseException] = []

    def call() -> None:
        try:
            writers.call(work)
        except OperationalError as problem:
            raised.append(problem)

    thread = threading.Thread(target=call)
    thread.start()
    assert tried.wait(30)
    writers.close()
    thread.join(30)
    assert len(raised) == 1


class Slow(Exception):
    sqlstate = "57014"


def test_what_does_not_fit_into_the_time_limit_of_a_statement_is_tried_thrice_then_alone_and_then_given_up():
    writers, tries = Writers(1), []

    def work() -> None:
        tries.append(threading.current_thread().name)
        raise OperationalError("canceling statement due to statement timeout") from Slow()

    with pytest.raises(OperationalError, match="statement timeout"):
        writers.call(work)
    writers.close()
    assert len(tries) == 4
    # Nobody else waits behind it.
    assert tries[1:] == ["slow-writer"] * 3


class Locked(Exception):
    sqlstate = "55P03"


def locked_until(free: threading.Event, tried: threading.Event) -> str:
    tried.set()
    if not free.is_set():
        raise OperationalError("canceling statement due to lock timeout") from Locked()
    return make("late")


def test_what_somebody_has_locked_waits_without_end_and_keeps_nobody_else_waiting(writers):
    free, tried = threading.Event(), threading.Event()
    waiting = ThreadPoolExecutor(20)
    answers = [waiting.submit(writers.call, lambda: locked_until(free, tried)) for _ in range(20)]
    assert tried.wait(30)
    # One writer, twenty that it cannot write: the others are served all the same.
    assert [writers.call(lambda n=n: make(str(n))) for n in range(10)] == [
        str(n) for n in range(10)
    ]
    assert not any(answer.done() for answer in answers)
    free.set()
    assert [answer.result(30) for answer in answers] == ["late"] * 20
    waiting.shutdown()


def test_what_is_not_worth_waiting_for_is_given_up_after_its_time(writers):
    free, tried = threading.Event(), threading.Event()
    with pytest.raises(OperationalError, match="lock timeout"):
        writers.call(Impatient(lambda: locked_until(free, tried), 0.1))


def test_of_those_that_share_a_commit_only_the_one_that_meets_trouble_waits():
    writers, held, go = Writers(1, batch=16), threading.Event(), threading.Event()
    free, tried = threading.Event(), threading.Event()

    def hold() -> None:
        held.set()
        go.wait(30)

    with ThreadPoolExecutor(20) as threads:
        threads.submit(writers.call, hold)
        assert held.wait(30)
        blocked = threads.submit(writers.call, lambda: locked_until(free, tried))
        others = [threads.submit(writers.call, lambda n=n: make(str(n))) for n in range(6)]
        go.set()
        assert [other.result(30) for other in others] == [str(n) for n in range(6)]
        assert not blocked.done()
        free.set()
        assert blocked.result(30) == "late"
    writers.close()
