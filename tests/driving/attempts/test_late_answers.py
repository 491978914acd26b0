"""Answers that come when they cannot be written: kept, and offered to the person who decides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest
from django.db import IntegrityError, OperationalError

from executions.calls.context import Cancellation, Deadline
from executions.driving.attempts import attempt
from executions.driving.attempts.lost import why_lost
from executions.driving.attempts.running import AttemptedStep, Running
from executions.driving.driver import advance
from executions.driving.lease import Held
from executions.driving.store import Here
from executions.driving.versions import Parsed
from executions.errors import Refused
from executions.ids import uuid7
from executions.models import Attempt, Event, Execution, LateAnswer, Process, Step
from executions.states import Phase
from executions.verbs.deciding import decisions
from tests.drives import drive_once
from tests.driving.conftest import new_process
from tests.driving.texts import call, tasks

pytestmark = [pytest.mark.database, pytest.mark.django_db]


def go_on(execution: Execution, process: Process) -> Execution:
    """Drive it as far as it goes, alone where it has to be."""
    while drive_once(execution.pk, process_id=process.pk, store=Here(), running=Running()):
        pass
    return Execution.objects.get(pk=execution.pk)


@pytest.fixture
def drive(process) -> Callable[[Execution], Execution]:
    """By the process that lives, or by a new one where it was declared dead."""

    def driven(execution: Execution) -> Execution:
        process.refresh_from_db()
        return go_on(execution, process if process.dead_at is None else new_process())

    return driven


def once(ledger) -> str:
    return tasks(
        pay=call("note_once", ledger=str(ledger.path), line="paid"), after="{set: '${ . }'}"
    )


@pytest.fixture
def taken_over(monkeypatch, process) -> Callable[[], None]:
    """While the next attempt runs its process is declared dead, and another one goes on with its
    execution.
    """

    def armed() -> None:
        real = attempt.run

        def run(request: Any, context: Any, *more: Any) -> Any:
            monkeypatch.setattr(attempt, "run", real)
            outcome = real(request, context, *more)
            process.declare_dead("its heartbeat stopped")
            go_on(Execution.objects.get(), new_process())
            return outcome

        monkeypatch.setattr(attempt, "run", run)

    return armed


def test_an_answer_that_came_when_the_lease_was_lost_is_kept_and_offered_to_who_decides(
    begin, drive, ledger, taken_over, alice
):
    execution = begin(once(ledger))
    taken_over()
    execution = drive(execution)
    assert (execution.phase, execution.waiting_for) == (Phase.WAITING, "decision")
    late = LateAnswer.objects.get()
    assert (late.succeeded, late.number, late.token, late.output["line"]) == (True, 1, 1, "paid")
    assert LateAnswer.objects.offered_to(execution) == late
    assert "in other hands" in late.told()
    # Whoever looks at the question is told that there is an answer now.
    told = Event.objects.filter(name="WORKFLOW_ANSWER_CAME_LATE")
    assert list(told.values_list("notifications__user", flat=True)) == [alice.pk]
    assert (
        Attempt.objects.get().rule
        == "its worker was not heard of for too long, so another one took over"
    )

    decisions.decide(execution.pk, alice, "mark_done")
    execution = drive(execution)
    assert execution.phase == Phase.COMPLETED
    assert execution.output == {"line": "paid", "attempt": 1}
    assert len(ledger.lines()) == 1
    decision = Step.objects.get(kind="decision")
    assert decision.control["late_answer"]["attempt"] == 1


def test_it_is_never_applied_by_itself_and_another_word_of_the_person_wins(
    begin, drive, ledger, taken_over, alice
):
    execution = begin(once(ledger))
    taken_over()
    assert drive(execution).phase == Phase.WAITING
    assert drive(execution).phase == Phase.WAITING
    decisions.decide(execution.pk, alice, "mark_done", output=None)
    assert drive(execution).output is None


def test_a_call_that_is_made_again_needs_no_late_answer_and_goes_its_way(
    begin, drive, ledger, taken_over
):
    execution = begin(tasks(pay=call("note", ledger=str(ledger.path), line="told")))
    taken_over()
    execution = drive(execution)
    assert execution.phase == Phase.COMPLETED
    assert len(set(ledger.keys())) == 1
    assert LateAnswer.objects.get().succeeded
    assert not Event.objects.filter(name="WORKFLOW_ANSWER_CAME_LATE").exists()


def test_a_failure_that_came_late_is_kept_as_one(begin, drive, ledger, taken_over, alice):
    execution = begin(
        tasks(
            pay=call(
                "fails",
                "metadata: {effect: at_most_once}",
                ledger=str(ledger.path),
                times=9,
                transient=False,
            )
        )
    )
    taken_over()
    execution = drive(execution)
    late = LateAnswer.objects.offered_to(execution)
    assert late is not None
    assert (late.succeeded, late.output, late.error["title"]) == (False, None, "Runtime error")
    decisions.decide(execution.pk, alice, "mark_done")
    assert drive(execution).output is None


class Slow(Exception):
    sqlstate = "57014"


class RefusingStore(Here):
    """Raises this instead of the n-th transaction."""

    def __init__(self, problem: Exception, at: int) -> None:
        self.problem, self.left = problem, at

    def call(self, work: Any) -> Any:
        self.left -= 1
        if self.left == 0:
            raise self.problem
        return super().call(work)


def slow() -> OperationalError:
    problem = OperationalError("canceling statement due to statement timeout")
    problem.__cause__ = Slow()
    return problem


def drive_refused(execution: Execution, process: Process, problem: Exception, at: int) -> Execution:
    advance(
        execution.pk, process_id=process.pk, store=RefusingStore(problem, at), running=Running()
    )
    return Execution.objects.get(pk=execution.pk)


@pytest.mark.parametrize("problem", [slow(), IntegrityError("a trigger says no")])
def test_an_outcome_that_the_database_never_takes_stops_the_run_with_a_reason_and_is_kept(
    begin, drive, ledger, process, alice, problem
):
    """The claim, the begin, and then the boundary with the outcome, which is refused."""
    execution = begin(
        tasks(pay=call("note", ledger=str(ledger.path), line="told"), after="{set: '${ . }'}")
    )
    execution = drive_refused(execution, process, problem, at=3)
    assert (execution.phase, execution.waiting_for) == (Phase.WAITING, "decision")
    assert str(problem) in execution.failure_reason
    assert execution.requires_manual_intervention
    late = LateAnswer.objects.get()
    assert (late.why, late.succeeded) == ("unwritten", True)
    assert drive(execution).phase == Phase.WAITING
    decisions.decide(execution.pk, alice, "mark_done")
    execution = drive(execution)
    assert (execution.phase, execution.output["line"], len(ledger.lines())) == (
        Phase.COMPLETED,
        "told",
        1,
    )


def test_where_nothing_was_found_out_yet_the_run_fails_with_the_reason_and_can_be_retried(
    begin, drive, ledger, process, alice
):
    execution = begin(tasks(pay=call("note", ledger=str(ledger.path), line="told")))
    execution = drive_refused(execution, process, IntegrityError("a trigger says no"), at=2)
    assert execution.phase == Phase.FAILED
    assert "a trigger says no" in execution.failure_reason
    assert not ledger.lines()
    decisions.retry(execution.pk, alice)
    assert drive(execution).phase == Phase.COMPLETED
    assert len(ledger.lines()) == 1


@pytest.mark.parametrize(
    ("death", "words"),
    [
        ("stopped", "its worker was stopped before its outcome was written"),
        ("its host was started anew", "its host was started anew before its outcome was written"),
        (
            "its heartbeat stopped",
            "its worker was not heard of for too long, so another one took over",
        ),
        (
            "killed by SIGKILL",
            "its worker process ended before its outcome was written (killed by SIGKILL)",
        ),
        ("x" * 200, None),
    ],
)
def test_what_is_said_of_an_attempt_without_an_outcome_is_what_is_known(death, words):
    said = why_lost(held(left_by=Process(kind="worker", death=death)))
    assert len(said) <= 100
    assert words in (said, None)


def test_of_one_that_was_only_let_go_of_nobody_says_that_its_process_ended():
    assert "process" not in why_lost(held())


def test_of_one_that_was_put_back_to_be_driven_alone_the_death_before_is_told():
    assert "killed by SIGSEGV" in why_lost(held(crashes={"last": [{"death": "killed by SIGSEGV"}]}))


def held(left_by: Process | None = None, crashes: Any = None) -> Held:
    execution, definition = Execution(crashes=crashes), Parsed({}, cast(Any, None))
    return Held(execution, definition, [], 2, 0, False, False, False, left_by=left_by)


@pytest.mark.parametrize("is_once", [True, False])
def test_what_may_happen_only_once_is_not_broken_off_because_the_lease_is_lost(is_once):
    running, cancellation = Running(), Cancellation()
    execution_id = uuid7()
    running.take(execution_id, 1)
    with running.attempt(
        execution_id, 1, cancellation, Deadline(30), AttemptedStep("/a", 1), is_once=is_once
    ):
        running.lose(execution_id, 1)
        assert cancellation.requested.is_set() is not is_once
        running.cancel(execution_id)
        assert cancellation.requested.is_set()


def test_an_unknown_choice_is_refused_with_those_there_are(begin, alice):
    with pytest.raises(Refused, match="run_again, mark_done, fail"):
        decisions.decide(begin(tasks(a="{set: {n: 1}}")).pk, alice, "perhaps")
