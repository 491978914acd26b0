"""Transactions that run again, and COMMITs that break off: a replay finds its own effect, or does
it once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import nullcontext

import pytest
from django.conf import settings as django_settings
from django.db import OperationalError, connection, transaction

from executions.errors import Refused
from executions.models import Process
from executions.models.passing import Trouble
from executions.models.transactions import InDoubt, Patience, atomic, persistent, run_tx
from tests.troubles import impatient

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]
on_postgres = pytest.mark.skipif(
    django_settings.DATABASES["default"]["ENGINE"].endswith("sqlite"),
    reason="SQLite answers in the process",
)
LOST = "server closed the connection unexpectedly"


def make(host: str) -> str:
    return Process.objects.create(kind="worker", host=host, pid=1).host


def hosts() -> list[str]:
    return sorted(Process.objects.values_list("host", flat=True))


@pytest.fixture
def break_at_commit(monkeypatch) -> Callable[..., None]:
    """The next COMMIT is carried out, or not, and the connection ends before its answer is
    heard.
    """

    def armed(*, carried_out: bool, times: int = 1) -> None:
        left = [times]
        real = connection._commit  # type: ignore[attr-defined]

        def commit() -> None:
            if left[0] == 0:
                real()
                return
            left[0] -= 1
            if carried_out:
                real()
            connection.connection.close()
            raise OperationalError(LOST)

        monkeypatch.setattr(connection, "_commit", commit)

    return armed


def test_a_transaction_that_the_database_refused_runs_again():
    tries = []

    def work() -> str:
        tries.append(1)
        if len(tries) < 3:
            raise OperationalError(LOST)
        return make("done")

    assert run_tx(work) == "done"
    assert len(tries) == 3
    assert hosts() == ["done"]


def test_it_gives_up_after_as_many_tries_as_the_setting_says(monkeypatch):
    monkeypatch.setattr("executions.models.transactions.TRIES", 3)
    tries = []

    def work() -> None:
        tries.append(1)
        raise OperationalError(LOST)

    with pytest.raises(OperationalError):
        run_tx(work)
    assert len(tries) == 3


def test_an_error_that_would_come_again_is_raised_at_once():
    tries = []

    def work() -> None:
        tries.append(1)
        raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        run_tx(work)
    assert len(tries) == 1


def test_inside_a_transaction_nothing_runs_again():
    tries = []

    def work() -> None:
        tries.append(1)
        raise OperationalError(LOST)

    with pytest.raises(OperationalError), transaction.atomic():
        run_tx(work)
    assert len(tries) == 1
    connection.close()


def test_who_waits_for_ever_waits_for_what_is_busy_away_or_full_and_three_times_for_what_is_slow():
    patience = Patience(tries=1, for_ever=True)
    assert patience.wait(Trouble.AWAY)
    assert patience.wait(Trouble.FULL)
    assert patience.wait(Trouble.BUSY)
    assert [patience.wait(Trouble.SLOW) for _ in range(3)] == [True, True, False]


def test_without_room_it_is_not_tried_again_within_bounds():
    assert not Patience(tries=5).wait(Trouble.FULL)


def test_a_verb_that_others_keep_out_for_too_long_is_refused_with_what_to_do(monkeypatch):
    monkeypatch.setattr("executions.models.transactions.TRIES", 2)
    row = Process.objects.create(kind="worker", host="held", pid=1)
    held, go = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Process.objects.filter(pk=row.pk).update(pid=2)
            held.set()
            go.wait(60)
        connection.close()

    @persistent
    def verb() -> None:
        with atomic():
            with connection.cursor() as cursor:
                if connection.vendor == "postgresql":
                    cursor.execute("SET LOCAL lock_timeout = '50ms'")
            Process.objects.filter(pk=row.pk).update(pid=3)

    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(30)
    in_a_hurry = impatient(0.05) if connection.vendor == "sqlite" else nullcontext()
    with in_a_hurry, pytest.raises(Refused) as refused:
        verb()
    go.set()
    holder.join(30)
    connection.close()
    assert refused.value.code == "unavailable"
    assert "Try again" in refused.value.remedy


@on_postgres
def test_a_commit_that_was_carried_out_unheard_is_answered_as_done_and_what_follows_it_happens(
    break_at_commit,
):
    tries, followed = [], []

    def work() -> str:
        with atomic():
            tries.append(1)
            transaction.on_commit(lambda: followed.append("rang"))
            made = make("once")
        return made

    break_at_commit(carried_out=True)
    assert run_tx(work) == "once"
    assert (len(tries), followed, hosts()) == (1, ["rang"], ["once"])


@on_postgres
def test_a_commit_that_broke_off_before_it_was_carried_out_runs_again(break_at_commit):
    tries, followed = [], []

    def work() -> str:
        with atomic():
            tries.append(1)
            transaction.on_commit(lambda: followed.append("rang"))
            made = make("once")
        return made

    break_at_commit(carried_out=False)
    assert run_tx(work) == "once"
    assert (len(tries), followed, hosts()) == (2, ["rang"], ["once"])


@on_postgres
def test_where_the_database_does_not_come_back_to_say_the_doubt_is_said(
    break_at_commit, monkeypatch
):
    monkeypatch.setattr("executions.models.transactions.TRIES", 2)

    def work() -> None:
        with atomic():
            make("perhaps")
            # Nobody answers at this port from now on.
            monkeypatch.setattr("executions.models.transactions._was_committed", away)

    def away(number: str) -> bool:
        raise InDoubt

    break_at_commit(carried_out=True)
    with pytest.raises(InDoubt, match="may have been carried out"):
        run_tx(work)
    assert hosts() == ["perhaps"]
