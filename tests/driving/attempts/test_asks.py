"""Calls that people answer: who is asked, what an answer leads to, and what becomes of a question
without one.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import close_old_connections

from executions.driving.chain import verify
from executions.errors import Refused
from executions.ids import uuid7
from executions.models import Ask, AuditEntry, Event, Execution, Notification
from executions.verbs.asks import Answer, respond
from executions.verbs.deciding import control, decisions
from tests.driving.crashing import drive_and_die, drive_on

pytestmark = [pytest.mark.django_db, pytest.mark.database]
FORM = "{type: object, required: [sum], properties: {sum: {type: integer}}}"
ASKING = """do:
- ask:
    call: human
    with:
      prompt: '${ "Order \\(.id)?" }'
      form: FORM
      outcomes: [{name: approve, label: Ship it, then: ship}, {name: deny, then: end}]
      approvers: {users: [bob], groups: [Finance]}
      timeout: {hours: 1}
      %s
- never: {set: {n: 0}, then: end}
- ship: {set: {shipped: '${ .outcome }'}}
""".replace("FORM", FORM)


@pytest.fixture
def asked(begin: Any, drive: Any, bob: User) -> Any:
    """``asked()``: a run that waits for the answer of bob or of a member of Finance."""

    def waiting(more: str = "", name: str = "one") -> Execution:
        Group.objects.get_or_create(name="Finance")
        execution: Execution = drive(begin(ASKING % more, {"id": 7}, name=name))
        assert (execution.phase, execution.waiting_for) == ("WAITING", "an answer")
        return execution

    return waiting


def only(execution: Execution) -> Ask:
    return Ask.objects.get(execution=execution)


def test_the_question_stands_in_a_row_and_those_who_may_answer_are_told(
    asked: Any, alice: User, bob: User
) -> None:
    carol = User.objects.create_user("carol")
    carol.groups.add(Group.objects.create(name="Finance"))
    execution = asked()
    ask = only(execution)
    assert ask.prompt == "Order 7?"
    assert ask.outcomes == [
        {"name": "approve", "label": "Ship it"},
        {"name": "deny", "label": "Deny"},
    ]
    assert (
        set(Ask.objects.open().for_person(bob))
        == set(Ask.objects.open().for_person(carol))
        == {ask}
    )
    assert not Ask.objects.open().for_person(alice).exists()
    told = Notification.objects.filter(event__name="WORKFLOW_ASKED").values_list(
        "user__username", flat=True
    )
    assert set(told) == {"bob", "carol"}


def test_an_answer_is_the_output_and_leads_where_its_outcome_says(
    asked: Any, drive: Any, bob: User
) -> None:
    execution = asked()
    respond(only(execution), bob, Answer("approve", {"sum": 3}, "fine"))
    execution = drive(execution)
    assert execution.phase == "COMPLETED" and execution.output == {"shipped": "approve"}
    step = execution.steps.standing().get(name="ask")
    assert step.output.pop("responded_at")
    assert step.output == {
        "outcome": "approve",
        "form": {"sum": 3},
        "comment": "fine",
        "reviewer": "bob",
    }
    ask = only(execution)
    assert (ask.outcome, ask.answers, ask.comment, ask.reviewer) == (
        "approve",
        {"sum": 3},
        "fine",
        bob,
    )
    assert not Ask.objects.open().exists()
    entry = AuditEntry.objects.get(verb="respond")
    assert entry.actor == bob and entry.execution == execution
    assert Event.objects.get(execution=execution, name="WORKFLOW_ANSWERED").actor == bob


def test_another_outcome_leads_elsewhere(asked: Any, drive: Any, bob: User) -> None:
    execution = asked()
    respond(only(execution), bob, Answer("deny"))
    execution = drive(execution)
    assert execution.phase == "COMPLETED" and execution.output["outcome"] == "deny"


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Answer("perhaps"), "There is no outcome 'perhaps'"),
        (Answer("approve", {"sum": "3"}), "/sum"),
        (Answer("approve"), "does not fit the form"),
        (Answer("deny", comment="x" * 3000), "more than 2,000"),
        (Answer("deny", "\ud800"), "cannot be kept"),
    ],
)
def test_an_answer_that_cannot_be_used_is_refused_and_the_run_waits_on(
    asked: Any, drive: Any, bob: User, answer: Answer, says: str
) -> None:
    execution = asked()
    with pytest.raises(Refused, match=says) as refused:
        respond(only(execution), bob, answer)
    assert refused.value.code == "invalid"
    execution.refresh_from_db()
    assert execution.phase == "WAITING" and Ask.objects.open().count() == 1


def test_the_second_answer_is_told_who_was_first(asked: Any, drive: Any, bob: User) -> None:
    execution, ada = asked(), User.objects.create_superuser("ada")
    ask = only(execution)
    respond(ask, bob, Answer("deny"))
    with pytest.raises(Refused, match="bob answered already: Deny"):
        respond(ask, ada, Answer("approve", {"sum": 1}))
    drive(execution)
    with pytest.raises(Refused, match="bob answered already: Deny"):
        respond(ask, ada, Answer("approve", {"sum": 1}))


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_answer_counts(asked: Any, drive: Any, bob: User) -> None:
    execution, ada, barrier = asked(), User.objects.create_superuser("ada"), Barrier(2)
    ask = only(execution)

    def answer(user: User, outcome: str) -> str:
        barrier.wait(30)
        try:
            respond(ask, user, Answer(outcome, {"sum": 1}))
            return outcome
        except Refused as refused:
            return refused.message
        finally:
            close_old_connections()

    with ThreadPoolExecutor(2) as threads:
        calls = [threads.submit(answer, bob, "approve"), threads.submit(answer, ada, "deny")]
        said = [call.result(60) for call in calls]
    counted = [each for each in said if each in ("approve", "deny")]
    assert len(counted) == 1
    assert any("answered already" in each for each in said)
    assert drive(execution).steps.standing().get(name="ask").output["outcome"] == counted[0]


def test_where_nobody_answers_in_time_the_call_fails_and_a_retry_asks_anew(
    asked: Any, drive: Any, later: Any, alice: User, bob: User
) -> None:
    execution = asked()
    later(3601)
    execution = drive(execution)
    assert execution.phase == "FAILED" and execution.error["status"] == 408
    assert "Nobody answered in time" in execution.failure_reason
    assert not Ask.objects.open().exists()
    decisions.retry(execution.pk, alice)
    execution = drive(execution)
    assert execution.phase == "WAITING" and Ask.objects.count() == 2
    respond(Ask.objects.open().get(), bob, Answer("approve", {"sum": 1}))
    assert drive(execution).phase == "COMPLETED"


@pytest.mark.parametrize("word", ["approve", "deny"])
def test_silence_may_count_as_an_answer(asked: Any, drive: Any, later: Any, word: str) -> None:
    execution = asked(f"onTimeout: {word}")
    later(3601)
    step = drive(execution).steps.standing().get(name="ask")
    assert (step.output["outcome"], step.output["reviewer"]) == (word, None)


def test_silence_may_be_taken_to_administrators_once(asked: Any, drive: Any, later: Any) -> None:
    ada = User.objects.create_superuser("ada")
    execution = asked("onTimeout: escalate")
    later(3601)
    execution = drive(execution)
    assert execution.phase == "WAITING"
    assert Notification.objects.filter(user=ada, event__name="WORKFLOW_ASKED").count() == 1
    later(7300)
    assert drive(execution).phase == "FAILED"


def test_who_started_it_may_not_answer_where_four_eyes_are_wanted(
    begin: Any, drive: Any, alice: User
) -> None:
    text = (
        "do: [{ask: {call: human, with: {prompt: Sure?, approvers: {users: [alice, bob]}, fourEyes:"
        " true}}}]"
    )
    drive(begin(text))
    assert not Ask.objects.open().for_person(alice).exists()
    assert Ask.objects.open().for_person(User.objects.create_superuser("ada")).exists()


def test_the_owner_is_asked_where_nobody_is_named(
    begin: Any, drive: Any, alice: User, bob: User
) -> None:
    execution = drive(begin("do: [{ask: {call: human, with: {prompt: Sure?}}}]"))
    assert Ask.objects.open().for_person(alice).get().execution == execution
    assert not Ask.objects.open().for_person(bob).exists()


def test_a_run_that_is_cancelled_takes_its_question_back(
    asked: Any, drive: Any, alice: User, bob: User
) -> None:
    execution = asked()
    ask = only(execution)
    control.cancel(execution.pk, alice)
    assert not Ask.objects.open().exists()
    with pytest.raises(Refused, match="does not wait for this answer"):
        respond(ask, bob, Answer("deny"))


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_it_may_die_at_any_transaction_and_asks_once(begin: Any, alice: User, after: bool) -> None:
    """The process dies while it asks, and another one while it goes on with the answer."""
    asking = (
        "do: [{a: {set: {n: 1}}}, {ask: {call: human, with: {prompt: Sure?}}}, {b: {set: {n: 2}}}]"
    )
    at, died = 0, True
    while died:
        at += 1
        execution = begin(asking, name=f"run-{at}")
        died = drive_and_die(execution, at, after=after)
        assert drive_on(execution).waiting_for == "an answer"
        ask = Ask.objects.open().get(execution=execution)
        assert (
            Notification.objects.filter(
                event__execution=execution, event__name="WORKFLOW_ASKED"
            ).count()
            == 1
        )
        respond(ask, alice, Answer("approve"))
        died = drive_and_die(execution, at, after=after) or died
        done = drive_on(execution)
        assert (done.phase, done.output) == ("COMPLETED", {"n": 2}), at
        assert Ask.objects.filter(execution=execution).count() == 1
        assert verify(done) is None
    assert at > 2


def test_a_pause_while_the_question_is_put_leaves_none_behind_and_it_is_put_when_the_run_goes_on(
    begin: Any, drive: Any, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    execution = begin(ASKING % "", {"id": 7})

    def paused_meanwhile() -> Any:
        monkeypatch.undo()
        control.pause(execution.pk, alice)
        return uuid7()

    monkeypatch.setattr("executions.driving.attempts.asks.uuid7", paused_meanwhile)
    execution = drive(execution)
    assert execution.phase == "PAUSED"
    assert not Ask.objects.exists()
    assert not Event.objects.filter(name="WORKFLOW_ASKED").exists()
    control.resume(execution.pk, alice)
    drive(execution)
    respond(only(execution), bob, Answer("approve", {"sum": 3}))
    assert drive(execution).output == {"shipped": "approve"}


def test_an_answer_to_a_paused_run_is_kept_and_counts_when_it_is_resumed(
    asked: Any, alice: User, bob: User, drive: Any
) -> None:
    execution = asked()
    control.pause(execution.pk, alice)
    decided = respond(only(execution), bob, Answer("approve", {"sum": 3}))
    execution.refresh_from_db()
    assert (decided.phase, execution.phase) == ("PAUSED", "PAUSED")
    with pytest.raises(Refused, match="bob answered already"):
        respond(only(execution), bob, Answer("deny"))
    control.resume(execution.pk, alice)
    drive(execution)
    execution.refresh_from_db()
    assert (execution.phase, execution.output) == ("COMPLETED", {"shipped": "approve"})
    assert verify(execution) is None


def test_names_that_nobody_has_are_kept_and_administrators_are_asked_where_nobody_else_is(
    begin: Any, drive: Any, bob: User
) -> None:
    root = User.objects.create_superuser("root")
    text = "do:\n- ask: {call: human, with: {prompt: Well?, approvers: {users: [%s]}}}\n"
    some = only(drive(begin(text % "bob, nobody", {}, name="some")))
    assert some.unknown == ["nobody"]
    assert list(some.people()) == [bob]
    none = only(drive(begin(text % "nobody, noone", {}, name="none")))
    assert none.unknown == ["nobody", "noone"]
    assert list(none.people()) == [root]
    assert Notification.objects.filter(user=root).count() == 1
