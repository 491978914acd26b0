"""A process dies before or after any transaction: others finish the execution, and no finished step
runs again.
"""

from __future__ import annotations

from collections import Counter

import pytest
from django.db import connection

from executions.driving.chain import verify
from executions.errors import Refused
from executions.models import Attempt, Event, Execution, Step, Workflow
from executions.states import Phase, StepStatus
from executions.verbs.deciding import control, decisions
from tests.driving.crashing import drive_and_die, drive_on
from tests.driving.texts import call, listed, tasks

pytestmark = [pytest.mark.database, pytest.mark.django_db]


def workflow(ledger: str) -> str:
    bad = "{raise: {error: {type: 'https://example.org/x', status: 400}}}"
    return f"""do:
- a: {call("note", ledger=ledger, line="a")}
- s: {{set: {{n: 1}}, export: {{as: {{n: 1}}}}}}
- loop: {{for: {{in: '${{ [1, 2] }}'}}, do: {listed(b=call("note", ledger=ledger, line="b"))}}}
- guard:
    try: {listed(c=call("note", ledger=ledger, line="c"), bad=bad)}
    catch: {{do: {listed(d=call("note", ledger=ledger, line="d"))}}}
- w: {{wait: {{seconds: 0}}}}
- e: {call("note", ledger=ledger, line="e", answer="done")}
"""


def check_whole(execution: Execution) -> None:
    assert verify(execution) is None
    numbers = [
        *Step.objects.filter(execution=execution, seq__isnull=False).values_list("seq", flat=True),
        *Event.objects.filter(execution=execution).values_list("seq", flat=True),
    ]
    assert len(numbers) == len(set(numbers))
    assert max(number or 0 for number in numbers) <= execution.head_seq


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_it_may_die_at_any_transaction(begin, ledger, after):
    at, seen = 0, 0
    while True:
        at += 1
        ledger.path.unlink(missing_ok=True)
        execution = begin(workflow(str(ledger.path)))
        died = drive_and_die(execution, at, after=after)
        before = dict(
            Step.objects.filter(execution=execution, seq__isnull=False).values_list(
                "path", "digest"
            )
        )
        execution = drive_on(execution)
        assert (execution.phase, execution.output) == (Phase.COMPLETED, "done"), at
        check_whole(execution)
        now = dict(Step.objects.filter(execution=execution).values_list("path", "digest"))
        assert {path: now[path] for path in before} == before
        assert sum(Counter(ledger.keys()).values()) <= 6 + died
        assert len(set(ledger.keys())) == 6
        if not died:
            break
        seen += 1
    assert seen >= 8


def test_a_lost_attempt_is_a_row_and_the_next_one_has_the_same_key(begin, ledger):
    execution = begin(tasks(a=call("note", ledger=str(ledger.path), line="a")))
    # The claim, the begin, then the outcome is lost.
    assert drive_and_die(execution, 3)
    execution = drive_on(execution)
    assert execution.output == {"line": "a", "attempt": 2}
    assert len(ledger.lines()) == 2
    assert len(set(ledger.keys())) == 1
    assert list(Attempt.objects.order_by("number").values_list("outcome", flat=True)) == [
        "lost",
        "succeeded",
    ]


@pytest.fixture
def doubtful(begin, ledger):
    """An ``at_most_once`` step whose process died between its effect and its outcome."""
    execution = begin(
        tasks(a=call("note_once", ledger=str(ledger.path), line="a"), b="{set: {b: '${ . }'}}")
    )
    assert drive_and_die(execution, 3)
    execution = drive_on(execution)
    assert ledger.done() == ["a"]
    return execution


def test_at_most_once_waits_for_a_person_after_a_crash(doubtful, ledger):
    assert (doubtful.phase, doubtful.waiting_for, doubtful.wake_at) == (
        Phase.WAITING,
        "decision",
        None,
    )
    assert doubtful.requires_manual_intervention
    assert Step.objects.get(path="/a").status == StepStatus.WAITING
    event = Event.objects.get(name="WORKFLOW_NEEDS_DECISION")
    assert event.notifications.get().user_id == doubtful.owner_id
    drive_on(doubtful)
    assert ledger.done() == ["a"]


def test_a_person_may_have_it_run_again(doubtful, ledger, alice):
    decisions.decide(doubtful.pk, alice, "run_again")
    execution = drive_on(doubtful)
    assert execution.phase == Phase.COMPLETED
    assert ledger.done() == ["a", "a"]
    assert len(set(ledger.keys())) == 1
    assert not execution.requires_manual_intervention
    check_whole(execution)


def test_a_person_may_say_that_it_was_done(doubtful, ledger, alice):
    decisions.decide(doubtful.pk, alice, "mark_done", output={"receipt": 7})
    execution = drive_on(doubtful)
    assert (execution.phase, execution.output) == (Phase.COMPLETED, {"b": {"receipt": 7}})
    assert ledger.done() == ["a"]
    check_whole(execution)


def test_a_person_may_say_that_it_failed(doubtful, ledger, alice):
    decisions.decide(doubtful.pk, alice, "fail", reason="the bank says no")
    execution = drive_on(doubtful)
    assert (execution.phase, execution.failure_reason) == (Phase.FAILED, "the bank says no")
    assert ledger.done() == ["a"]
    decisions.retry(execution.pk, alice)
    assert drive_on(execution).phase == Phase.COMPLETED


@pytest.mark.parametrize("output", [float("nan"), "a\x00b", "x" * (2 * 1024 * 1024)])
def test_an_output_that_cannot_be_kept_is_refused(doubtful, alice, output):
    with pytest.raises(Refused, match="cannot be kept") as refusal:
        decisions.decide(doubtful.pk, alice, "mark_done", output=output)
    assert refusal.value.code == "invalid"


def test_an_unknown_choice_is_refused_with_those_that_there_are(doubtful, alice):
    with pytest.raises(Refused, match="run_again, mark_done, fail"):
        decisions.decide(doubtful.pk, alice, "perhaps")


def test_a_pause_does_not_lose_the_question(doubtful, ledger, alice):
    control.pause(doubtful.pk, alice)
    control.resume(doubtful.pk, alice)
    execution = drive_on(doubtful)
    assert (execution.phase, execution.waiting_for) == (Phase.WAITING, "decision")
    assert ledger.done() == ["a"]


def test_waiting_for_a_person_is_not_counted_as_time(begin, ledger, alice, later):
    book = str(ledger.path)
    text = f"""do:
- outer:
    timeout: {{after: {{minutes: 5}}}}
    do: {listed(a=call("note_once", ledger=book, line="a"), b=call("note", ledger=book, line="b"))}
"""
    execution = begin(text)
    assert drive_and_die(execution, 3)
    drive_on(execution)
    later(3600)
    decisions.decide(execution.pk, alice, "mark_done")
    assert drive_on(execution).phase == Phase.COMPLETED


def test_a_transactional_function_commits_with_its_step(begin, drive):
    execution = drive(begin(tasks(a=call("rename", slug="one", name="+"))))
    assert (execution.phase, execution.output) == (Phase.COMPLETED, "one+")
    assert Workflow.objects.get().name == "one+"
    check_whole(execution)


@pytest.mark.parametrize(("fail", "too_large"), [(True, False), (False, True)])
def test_a_transactional_function_that_fails_leaves_nothing(begin, drive, fail, too_large):
    execution = drive(
        begin(tasks(a=call("rename", slug="one", name="+", fail=fail, too_large=too_large)))
    )
    assert (execution.phase, execution.current_step) == (Phase.FAILED, "/a")
    assert Workflow.objects.get().name == "one"
    assert Step.objects.get(path="/a").status == StepStatus.FAILED


def test_a_transactional_function_that_went_on_after_a_database_error_commits_with_its_step_or_not_at_all(
    begin, drive
):
    execution = drive(begin(tasks(a=call("rename", slug="one", name="+", swallow=True))))
    # SQLite goes on after a statement that it refused; on PostgreSQL the transaction is lost.
    lost = connection.vendor == "postgresql"
    assert execution.phase == (Phase.FAILED if lost else Phase.COMPLETED)
    assert Workflow.objects.get().name == ("one" if lost else "one+")
    check_whole(execution)


def test_a_transactional_function_has_its_effect_once_wherever_the_process_dies(begin, ledger):
    at = 0
    while True:
        at += 1
        execution = begin(
            tasks(
                a=call("rename", slug="one", name="+"),
                b=call("note", ledger=str(ledger.path), line="b"),
            )
        )
        Workflow.objects.update(name="one")
        died = drive_and_die(execution, at)
        execution = drive_on(execution)
        assert execution.phase == Phase.COMPLETED
        assert Workflow.objects.get().name == "one+"
        check_whole(execution)
        if not died:
            break


def test_what_follows_a_transactional_step_does_not_look_begun(begin, ledger):
    more = call("note_once", ledger=str(ledger.path), line="b")
    execution = begin(tasks(a=call("rename", slug="one", name="+"), b=more))
    # Claim, begin of a; the outcome of a is written in its own transaction; then the begin of b is
    # lost.
    assert drive_and_die(execution, 3)
    execution = drive_on(execution)
    assert execution.phase == Phase.COMPLETED
    assert ledger.done() == ["b"]
