"""The next attempt at once."""

from __future__ import annotations

from typing import Any

import pytest

from executions import clock
from executions.errors import Refused
from executions.states import Phase
from executions.verbs.deciding import hurrying
from tests.driving.texts import call, listed, tasks

pytestmark = [pytest.mark.database, pytest.mark.django_db]
POLICY = "{delay: {hours: 1}, limit: {attempt: {count: 3}}}"


def slow(ledger: Any, times: int) -> str:
    """A call that fails so often, and is tried again after an hour."""
    book = str(ledger.path)
    return call("fails", f"metadata: {{retry: {POLICY}}}", ledger=book, times=times)


def test_a_call_that_waits_for_its_next_attempt_makes_it_now(
    begin: Any, drive: Any, alice: Any, ledger: Any
) -> None:
    run = drive(begin(tasks(ask=slow(ledger, times=2))))
    assert (run.phase, run.waiting_for) == (Phase.WAITING, "back-off")
    for _ in range(2):
        assert hurrying.retry_now(run.pk, alice) == Phase.PENDING
        run = drive(run)
    assert run.phase == Phase.COMPLETED
    assert [attempt.number for attempt in run.steps.get(name="ask").attempts.order_by("number")]


def test_a_block_that_is_tried_again_as_a_whole_is_tried_now(
    begin: Any, drive: Any, alice: Any, ledger: Any
) -> None:
    ask = call("fails", ledger=str(ledger.path), times=1, transient=False)
    block = f"{{try: {listed(ask=ask)}, catch: {{errors: {{}}, retry: {POLICY}}}}}"
    run = drive(begin(tasks(guard=block)))
    assert (run.phase, run.waiting_for) == (Phase.WAITING, "back-off")
    hurrying.retry_now(run.pk, alice)
    assert drive(run).phase == Phase.COMPLETED


def test_what_waits_for_something_else_is_not_hurried(begin: Any, drive: Any, alice: Any) -> None:
    run = drive(begin(tasks(w="{wait: {hours: 1}}")))
    assert run.wake_at is not None and run.wake_at > clock.now()
    with pytest.raises(Refused, match="does not wait for a next attempt"):
        hurrying.retry_now(run.pk, alice)


def test_others_may_not(begin: Any, drive: Any, bob: Any, ledger: Any) -> None:
    run = drive(begin(tasks(ask=slow(ledger, times=1))))
    with pytest.raises(Refused, match="not for you"):
        hurrying.retry_now(run.pk, bob)
