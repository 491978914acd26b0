"""Functions in a thread of the worker that do not come back: their attempt fails in time, and they
can do no harm.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection, transaction

from executions.driving.attempts import watched
from executions.models import Step, Workflow
from tests.driving.functions import MAY_END
from tests.driving.texts import call, tasks
from tests.waiting import until

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]
SHORT = "metadata: {attemptTimeout: {milliseconds: 200}}"


@pytest.fixture(autouse=True)
def let_go(monkeypatch) -> Iterator[None]:
    monkeypatch.setattr("executions.calls.kind.CALL_RETRY_DELAYS", [])
    MAY_END.clear()
    yield
    MAY_END.set()
    until(lambda: watched.left_behind() == 0, what="no thread is left behind")


def test_an_attempt_whose_thread_hangs_fails_at_its_deadline_and_what_comes_later_is_dropped(
    begin, drive, ledger
):
    ended = drive(begin(tasks(a=call("hangs", SHORT, ledger=str(ledger.path)))))
    assert (ended.phase, ended.error["status"]) == ("FAILED", 408)
    assert "its thread cannot be ended" in ended.error["detail"]
    assert watched.left_behind() == 1
    MAY_END.set()
    until(lambda: watched.left_behind() == 0, what="the thread came to its end")
    assert ledger.done() == ["late"]
    assert Step.objects.get(execution=ended, name="a").output is None


def test_it_is_retried_as_any_other_time_out(begin, drive, ledger, monkeypatch):
    monkeypatch.setattr("executions.calls.kind.CALL_RETRY_DELAYS", [0.0, 0.0])
    ended = drive(begin(tasks(a=call("hangs", SHORT, ledger=str(ledger.path)))))
    assert ended.phase == "FAILED"
    assert watched.left_behind() == 3


def test_what_may_happen_once_waits_for_a_person(begin, drive, ledger):
    more = "metadata: {attemptTimeout: {milliseconds: 200}, effect: at_most_once}"
    ended = drive(begin(tasks(a=call("hangs", more, ledger=str(ledger.path)))))
    assert (ended.phase, ended.waiting_for) == ("WAITING", "decision")


def test_a_transaction_is_taken_away_from_a_thread_that_hangs_in_it(begin, drive, ledger, alice):
    hanging = call("rename_and_hang", SHORT, ledger=str(ledger.path), slug="one", name="changed")
    ended = drive(begin(tasks(a=hanging)))
    assert (ended.phase, ended.error["status"]) == ("FAILED", 408)
    assert Workflow.objects.get(slug="one").name == "one"
    # Nothing of it holds a lock any more, and this thread has a connection that works.
    assert not connection.in_atomic_block
    with transaction.atomic():
        Workflow.objects.filter(slug="one").update(description="written")
    MAY_END.set()
    until(lambda: watched.left_behind() == 0, what="the thread came to its end")
    assert ledger.done() not in ([], ["wrote"])
    assert Workflow.objects.get(slug="one").name == "one"
