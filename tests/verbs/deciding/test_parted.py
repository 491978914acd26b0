"""Restoring into one branch leaves those beside it alone, and says so before."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from executions.driving.chain import verify
from executions.journal.decided import Call
from executions.models import Ask, Execution, Step
from executions.policy import SUPPORT_GROUP
from executions.states import Phase
from executions.verbs.deciding import control, decisions
from executions.verbs.deciding.restore import preview, restore, undo_restore
from tests.driving.texts import call
from tests.people import in_group

pytestmark = [pytest.mark.database, pytest.mark.django_db]


@pytest.fixture
def sam() -> User:
    user = User.objects.create_user("sam")
    return in_group(user, SUPPORT_GROUP)


@pytest.fixture
def failed(begin: Any, drive: Any, ledger: Any) -> Execution:
    """Two branches of two calls each and one that asks; after the join of which one fails."""

    def note(line: str) -> str:
        return call("note", ledger=str(ledger.path), line=line)

    fails = call("fails", ledger=str(ledger.path.with_name("x")), times=1, transient=False)
    execution: Execution = drive(
        begin(
            f"""do:
- before: {note("before")}
- together:
    fork:
      branches:
      - a: {{do: [{{a1: {note("a1")}}}, {{a2: {note("a2")}}}, {{a3: {fails}}}]}}
      - b: {{do: [{{b1: {note("b1")}}}, {{b2: {note("b2")}}}]}}
      - c: {{do: [{{ask: {{call: human, with: {{prompt: Go on?}}}}}}, {{c2: {note("c2")}}}]}}
- last: {note("last")}
"""
        )
    )
    assert execution.phase == Phase.FAILED
    return execution


def seq_of(path: str) -> int:
    seq = Step.objects.get(path=path, superseded_by=None).seq
    assert seq is not None
    return seq


def answer(execution: Execution) -> None:
    from executions.verbs.asks import Answer, respond

    asks = Ask.objects.filter(execution=execution).open()
    respond(asks.get(), execution.owner, Answer("approve"))


def test_the_other_branches_stay_as_they_are_their_open_steps_included(
    failed: Execution, drive: Any, ledger: Any, sam: User
) -> None:
    asked = Step.objects.get(path="/together/c/ask").pk
    restore(failed.pk, sam, seq_of("/together/a/a1"), reason="the second was wrong")
    assert Step.objects.get(path="/together/c/ask", superseded_by=None).pk == asked
    waiting = drive(failed)
    assert waiting.phase == Phase.WAITING, waiting.failure_reason
    answer(waiting)
    ended = drive(waiting)
    assert ended.phase == Phase.COMPLETED
    assert sorted(ledger.done()) == sorted(["before", "a1", "a2", "b1", "b2", "a2", "c2", "last"])
    assert len(set(ledger.keys())) == 8, "what runs again is a new operation"
    assert verify(ended) is None


def test_the_preview_names_both_groups(failed: Execution, sam: User) -> None:
    shown = preview(failed.pk, sam, seq_of("/together/a/a1"))
    assert shown.stays == ["/together/b", "/together/c"]
    again = [step.path for step in shown.runs_again]
    assert set(again) == {"/together", "/together/a", "/together/a/a2", "/together/a/a3"}
    assert preview(failed.pk, sam, seq_of("/before")).stays == []


def test_a_restore_before_the_fork_takes_all_branches_back(
    failed: Execution, drive: Any, ledger: Any, sam: User
) -> None:
    restore(failed.pk, sam, seq_of("/before"), reason="from there")
    waiting = drive(failed)
    answer(waiting)
    assert drive(waiting).phase == Phase.COMPLETED
    assert ledger.done().count("b1") == 2


def test_operations_that_begin_in_a_branch_left_alone_are_of_the_generation_of_before(
    failed: Execution, drive: Any, ledger: Any, sam: User
) -> None:
    restore(failed.pk, sam, seq_of("/together/a/a1"), reason="once")
    waiting = drive(failed)
    answer(waiting)
    drive(waiting)
    keys = {step.path: Call.of(step).key for step in Step.objects.filter(superseded_by=None)}
    assert str(keys["/together/c/c2"]).endswith("~1")
    assert str(keys["/together/a/a2"]).endswith("~2")
    # What comes after the join is another operation as well.
    assert str(keys["/last"]).endswith("~2")


def test_the_restore_can_be_undone(failed: Execution, drive: Any, ledger: Any, sam: User) -> None:
    standing = set(Step.objects.filter(superseded_by=None).values_list("id", flat=True))
    restore(failed.pk, sam, seq_of("/together/a/a1"), reason="a mistake")
    Execution.objects.filter(pk=failed.pk).update(phase=Phase.FAILED)
    undo_restore(failed.pk, sam, reason="it was right")
    tasks = Step.objects.filter(superseded_by=None).exclude(kind="decision")
    assert set(tasks.values_list("id", flat=True)) == standing
    assert verify(Execution.objects.get()) is None


def test_what_was_closed_beside_it_by_a_cancel_goes_on_where_it_stood(
    failed: Execution, drive: Any, ledger: Any, sam: User, alice: User
) -> None:
    decisions.retry(failed.pk, alice)
    waiting = drive(failed)
    assert waiting.phase == Phase.WAITING
    control.cancel(failed.pk, alice)
    assert Step.objects.get(path="/together/c/ask", superseded_by=None).status == "CANCELLED"
    restore(failed.pk, sam, seq_of("/together/a/a2"), reason="it was not meant")
    waiting = drive(failed)
    assert waiting.phase == Phase.WAITING, waiting.failure_reason
    answer(waiting)
    ended = drive(waiting)
    assert ended.phase == Phase.COMPLETED
    assert sorted(ledger.done()) == sorted(["before", "a1", "a2", "b1", "b2", "c2", "last"])
    assert verify(ended) is None


def test_rounds_of_a_parallel_loop_are_branches_too(
    begin: Any, drive: Any, ledger: Any, sam: User
) -> None:
    note = call("note", ledger=str(ledger.path), line="n")
    fails = call("fails", ledger=str(ledger.path.with_name("x")), times=1, transient=False)
    failed = drive(
        begin(
            f"""do:
- each:
    for: {{in: '${{ [1, 2, 3] }}'}}
    do: [{{one: {note}}}, {{two: {note}}}]
    metadata: {{parallel: 3}}
- x: {fails}
"""
        )
    )
    shown = preview(failed.pk, sam, seq_of("/each/@1/one"))
    assert shown.stays == ["/each/@0", "/each/@2"]
    restore(failed.pk, sam, seq_of("/each/@1/one"), reason="one of them")
    ended = drive(failed)
    assert ended.phase == Phase.COMPLETED
    assert len(ledger.done()) == 7
