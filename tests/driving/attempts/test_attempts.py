"""Attempts on a real database: retried or not, with which rows and events, and what cannot be
kept.
"""

from __future__ import annotations

import pytest

from executions.models import Attempt, Event, Step
from executions.states import Phase, StepStatus
from tests.driving.texts import call, get, tasks

pytestmark = [pytest.mark.database, pytest.mark.django_db]


def rows() -> list[tuple[object, ...]]:
    return list(Attempt.objects.order_by("number").values_list("number", "outcome", "verdict"))


def test_it_fails_twice_then_succeeds_and_keeps_the_attempts(begin, drive, ledger):
    execution = drive(begin(tasks(a=call("fails", ledger=str(ledger.path), times=2))))
    assert (execution.phase, execution.output) == (Phase.COMPLETED, {"tries": 3})
    assert rows() == [(1, "failed", "transient"), (2, "failed", "transient"), (3, "succeeded", "")]
    assert set(Attempt.objects.values_list("correlation_id", flat=True)) == {
        execution.correlation_id
    }
    assert Event.objects.filter(name="WORKFLOW_STEP_RETRYING").count() == 2


def test_a_permanent_failure_is_not_tried_again(begin, drive, ledger):
    execution = drive(
        begin(tasks(a=call("fails", ledger=str(ledger.path), times=9, transient=False)))
    )
    assert (execution.phase, execution.retry_count) == (Phase.FAILED, 0)
    assert rows() == [(1, "failed", "permanent")]
    assert ledger.lines() == ["try"]


@pytest.mark.parametrize(
    ("status", "tries"), [(500, 4), (503, 4), (429, 4), (408, 4), (425, 4), (400, 1), (404, 1)]
)
def test_the_status_of_an_answer_decides(begin, drive, server, status, tries):
    execution = drive(begin(tasks(a=get(f"{server.url}/status/{status}"))))
    assert execution.phase == Phase.FAILED
    assert len(server.seen) == tries
    assert execution.error["status"] == status


@pytest.mark.parametrize("fault", ["reset", "drop", "truncated"])
def test_a_broken_connection_is_tried_again(begin, drive, server, fault):
    assert drive(begin(tasks(a=get(f"{server.url}/{fault}")))).phase == Phase.FAILED
    assert [verdict for _, _, verdict in rows()] == ["transient"] * 4


def test_default_delays_are_waited_for_between_attempts(begin, drive, later, ledger, monkeypatch):
    monkeypatch.setattr("executions.calls.kind.CALL_RETRY_DELAYS", [2.0, 5.0, 10.0])
    execution = drive(begin(tasks(a=call("fails", ledger=str(ledger.path), times=9))))
    for delay, count in ((2, 1), (5, 2), (10, 3)):
        assert (execution.phase, execution.waiting_for, execution.retry_count) == (
            Phase.WAITING,
            "back-off",
            count,
        )
        later(delay - 1)
        assert len(drive(execution).steps.get(path="/a").attempts.all()) == count
        later(1.1)
        execution = drive(execution)
    assert execution.phase == Phase.FAILED
    assert [a.delay_seconds for a in Attempt.objects.order_by("number")] == [2, 5, 10, None]


def test_what_the_other_side_asks_for_is_waited_for(begin, drive, server):
    execution = drive(begin(tasks(a=get(f"{server.url}/status/503/120"))))
    assert execution.phase == Phase.WAITING
    attempt = Attempt.objects.get()
    assert attempt.delay_seconds == 120
    assert "asked for 120 s" in attempt.rule


def test_an_attempt_that_hangs_is_cut_and_counts_as_transient(begin, drive, server):
    task = get(f"{server.url}/hang", "metadata: {attemptTimeout: {milliseconds: 100}}")
    execution = drive(begin(tasks(a=task)))
    assert execution.phase == Phase.FAILED
    assert execution.error["type"].endswith("/timeout")
    assert rows() == [(number, "failed", "transient") for number in (1, 2, 3, 4)]


def test_a_task_may_have_its_own_retry_policy(begin, drive, ledger):
    task = call(
        "fails",
        "metadata: {retry: {limit: {attempt: {count: 1}}}}",
        ledger=str(ledger.path),
        times=9,
    )
    assert drive(begin(tasks(a=task))).phase == Phase.FAILED
    assert len(ledger.lines()) == 2


def test_a_duration_that_is_none_in_a_policy_fails_the_step_before_it_is_sent(begin, drive, ledger):
    task = call(
        "fails",
        "metadata: {retry: {delay: '${ 7 }', limit: {attempt: {count: 1}}}}",
        ledger=str(ledger.path),
        times=9,
    )
    execution = drive(begin(tasks(a=task)))
    assert (execution.phase, execution.current_step) == (Phase.FAILED, "/a")
    assert execution.error["type"].endswith("/expression")
    assert ledger.lines() == []


def test_inside_a_try_that_retries_the_default_retries_are_off(begin, drive, ledger):
    text = f"""do:
- guard:
    try: [{{a: {call("fails", ledger=str(ledger.path), times=9)}}}]
    catch: {{retry: {{delay: {{milliseconds: 1}}, limit: {{attempt: {{count: 1}}}}}}}}
"""
    execution = drive(begin(text))
    while execution.phase == Phase.WAITING:
        execution = drive(execution)
    assert execution.phase == Phase.FAILED
    assert len(ledger.lines()) == 2


UNSTORABLE = ["nan", "infinity", "nul", "surrogate", "large", "nul in a key", "deep"]


@pytest.mark.parametrize("what", UNSTORABLE)
def test_an_output_that_cannot_be_stored_is_a_permanent_error_of_its_step(begin, drive, what):
    execution = drive(begin(tasks(a=call("gives", what=what), b="{set: {n: 1}}")))
    assert (execution.phase, execution.current_step) == (Phase.FAILED, "/a")
    assert Step.objects.get().status == StepStatus.FAILED
    assert execution.failure_reason


@pytest.mark.parametrize("what", ["nul", "surrogate", "large"])
def test_a_message_that_cannot_be_stored_still_fails_its_step(begin, drive, what):
    execution = drive(begin(tasks(a=call("says", what=what))))
    assert (execution.phase, execution.current_step) == (Phase.FAILED, "/a")
    assert 0 < len(execution.failure_reason) <= 500


def test_the_failure_reason_is_one_short_line_of_plain_text(begin, drive, ledger):
    message = "\x1b[31m<b>No</b>\n stock <script>alert(1)</script> " + "x" * 900
    execution = drive(
        begin(
            tasks(
                a=call("fails", ledger=str(ledger.path), times=9, transient=False, message=message)
            )
        )
    )
    reason = execution.failure_reason
    assert len(reason) <= 500
    assert not set(reason) & set("<>\n\x1b")
    assert reason.startswith(("No stock", "PermanentError: No stock"))


def test_more_steps_than_allowed_fail_the_execution(begin, drive, settings):
    settings.STIGMER_MAX_STEPS = 50
    execution = drive(begin("do: [{a: {set: {n: 1}}}, {b: {set: {n: 2}, then: a}}]"))
    assert execution.phase == Phase.FAILED
    assert "STIGMER_MAX_STEPS" in execution.failure_reason
    assert Step.objects.count() <= 51


def test_a_workflow_that_cannot_be_walked_ends_failed_and_asks_for_a_person(
    begin, drive, monkeypatch
):
    from executions.language.kinds.set_task import SetTask

    def broken(*_: object) -> object:
        raise KeyError("nobody thought of this")

    execution = begin("do: [{a: {set: {n: 1}}}]")
    monkeypatch.setattr(SetTask, "walk", broken)
    execution = drive(execution)
    assert (execution.phase, execution.requires_manual_intervention) == (Phase.FAILED, True)
    assert "nobody thought of this" in execution.failure_reason


def test_a_time_limit_of_the_workflow_may_be_an_expression(begin, drive, later):
    execution = begin(
        "timeout: {after: '${ {seconds: .s} }'}\ndo: [{w: {wait: {hours: 1}}}]", {"s": 30}
    )
    execution = drive(execution)
    assert execution.phase == Phase.WAITING
    later(31)
    execution = drive(execution)
    assert (execution.phase, execution.error["title"]) == (Phase.FAILED, "Timeout")


def test_a_time_limit_that_is_none_fails_the_execution(begin, drive):
    execution = drive(begin("timeout: {after: '${ 7 }'}\ndo: [{a: {set: {n: 1}}}]"))
    assert execution.phase == Phase.FAILED
    assert execution.error["type"].endswith("/expression")
