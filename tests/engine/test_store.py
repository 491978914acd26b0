"""Where transactions run: few fair writers, one COMMIT for those that wait, nothing after the end."""

from __future__ import annotations

import threading

import pytest
from django.conf import settings as django_settings
from django.db import IntegrityError, OperationalError, connection, transaction

from executions.engine.store import Writers
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
