"""Driving on a real database: every boundary, every end."""

from __future__ import annotations

import pytest

from executions.driving.chain import verify
from executions.models import Attempt, Event, Step
from executions.states import Phase, StepStatus

pytestmark = pytest.mark.database

PURE = """
do:
- first: {set: {n: "${ .x + 1 }"}, export: {as: "${ {first: .n} }"}}
- loop:
    for: {in: "${ [1, 2, 3] }"}
    do:
    - add: {set: {n: "${ .n + $item }"}}
- done: {set: {n: "${ .n }", first: "${ $context.first }"}}
"""


def test_a_pure_workflow_completes_with_its_output(begin, drive):
    execution = drive(begin(PURE, {"x": 1}))
    assert (execution.phase, execution.output) == (Phase.COMPLETED, {"n": 8, "first": 2})
    assert (execution.progress_done, execution.progress_total) == (3, 3)
    assert execution.process_id is None


def test_seqs_run_without_a_gap_and_the_chain_is_whole(begin, drive):
    execution = drive(begin(PURE, {"x": 1}))
    numbers = [
        *Step.objects.values_list("seq", flat=True),
        *Event.objects.values_list("seq", flat=True),
    ]
    finished = sorted(number for number in numbers if number is not None)
    assert finished[-1] == execution.head_seq
    assert len(set(finished)) == len(finished)
    assert verify(execution) is None


def test_an_uncaught_error_fails_the_execution_and_says_why(begin, drive):
    execution = drive(
        begin("""
do:
- bad: {raise: {error: {type: "https://example.org/bad", status: 400, title: Bad, detail: "<b>No</b> stock"}}}
""")
    )
    assert execution.phase == Phase.FAILED
    assert execution.failure_reason == "No stock"
    assert execution.failed_at is not None
    assert Step.objects.get(path="/bad").status == StepStatus.FAILED
    event = Event.objects.get(name="WORKFLOW_STEP_FAILED")
    assert set(event.payload) == {
        "workflow_id",
        "workflow_definition_id",
        "execution_id",
        "step_name",
        "reason",
        "attempts",
        "can_retry",
        "can_skip",
        "timestamp",
    }
    assert event.notifications.get().user_id == execution.owner_id


def test_a_transient_failure_is_retried_and_each_attempt_is_a_row(
    begin, drive, settings, monkeypatch
):
    monkeypatch.setattr("executions.calls.kind.CALL_RETRY_DELAYS", [0.0, 0.0, 0.0])
    settings.STIGMER_HTTP_ALLOWED_HOSTS = ["127.0.0.1"]
    # Nothing listens on this port: connection refused, which is transient.
    execution = drive(
        begin("do:\n- call: {call: http, with: {method: get, endpoint: 'http://127.0.0.1:9/'}}\n")
    )
    assert execution.phase == Phase.FAILED
    assert execution.retry_count == 3
    attempts = Attempt.objects.order_by("number")
    assert [(a.number, a.outcome, a.verdict) for a in attempts] == [
        (n, "failed", "transient") for n in (1, 2, 3, 4)
    ]
    assert [a.delay_seconds for a in attempts] == [0.0, 0.0, 0.0, None]
    assert Event.objects.filter(name="WORKFLOW_STEP_RETRYING").count() == 3


def test_a_wait_parks_the_execution_with_a_time_to_wake(begin, drive):
    execution = drive(begin("do:\n- pause: {wait: {hours: 1}}\n"))
    assert (execution.phase, execution.waiting_for) == (Phase.WAITING, "timer")
    assert execution.wake_at is not None
    assert execution.process_id is None
