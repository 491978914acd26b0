"""Back to a checkpoint: what stands, what runs again with which key, and how it is taken back."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from executions import audit
from executions.driving.chain import examine, verify
from executions.errors import Refused
from executions.models import AuditEntry, Event, Execution, Notification, Step
from executions.policy import SUPPORT_GROUP
from executions.states import Phase, StepStatus
from executions.verbs.deciding import control, decisions
from executions.verbs.deciding.restore import checkpoints, preview, restore, undo_restore
from tests.driving.texts import call
from tests.people import in_group

pytestmark = [pytest.mark.database, pytest.mark.django_db]


@pytest.fixture
def sam() -> User:
    user = User.objects.create_user("sam")
    return in_group(user, SUPPORT_GROUP)


@pytest.fixture
def failed(begin, drive, ledger):
    """a, then a loop of b over two items, then c; x fails for good on its first try and succeeds on
    its second.
    """
    note = lambda line: call("note", ledger=str(ledger.path), line=line)  # noqa: E731
    fails = call("fails", ledger=str(ledger.path.with_name("x")), times=1, transient=False)
    text = f"""do:
- a: {note("a")}
- loop:
    for: {{in: '${{ [1, 2] }}'}}
    do: [{{b: {note("b")}}}, {{exported: {{set: {{n: 1}}, export: {{as: '${{ {{last: $item}} }}'}}}}}}]
- c: {note("c")}
- x: {fails}
- z: {{set: {{context: '${{ $context }}'}}}}
"""
    execution = drive(begin(text))
    assert execution.phase == Phase.FAILED
    assert ledger.done() == ["a", "b", "b", "c"]
    return execution


def seq_of(path: str) -> int:
    seq = Step.objects.get(path=path, superseded_by=None).seq
    assert seq is not None
    return seq


def test_what_was_finished_before_stands_and_the_rest_runs_again_with_new_keys(
    failed, drive, ledger, sam
):
    restore(failed.pk, sam, seq_of("/loop/@0/b"), reason="the second was wrong")
    ended = drive(failed)
    assert ended.phase == Phase.COMPLETED, ended.failure_reason
    assert ledger.done() == ["a", "b", "b", "c", "b", "c"]
    assert len(set(ledger.keys())) == 6, "an effect that runs again is a new operation"
    assert ended.output == {"context": {"last": 2}}
    assert verify(ended) is None


def test_nothing_is_deleted_and_the_loop_keeps_its_items(failed, drive, sam):
    before = set(Step.objects.values_list("id", flat=True))
    items = Step.objects.get(path="/loop").control["items"]
    restore(failed.pk, sam, seq_of("/loop/@0/b"), reason="again")
    assert before <= set(Step.objects.values_list("id", flat=True))
    assert Step.objects.get(path="/loop", superseded_by=None).control["items"] == items


def test_a_restore_to_the_beginning_runs_everything_again(failed, drive, ledger, sam):
    restore(failed.pk, sam, 0, reason="from the top")
    assert drive(failed).phase == Phase.COMPLETED
    assert ledger.done() == ["a", "b", "b", "c"] * 2


def test_the_context_is_what_it_was_at_the_checkpoint(failed, drive, sam):
    restore(failed.pk, sam, seq_of("/loop/@0/exported"), reason="again")
    assert drive(failed).output == {"context": {"last": 2}}


def test_the_preview_names_what_runs_again_and_what_may_repeat(failed, sam):
    shown = preview(failed.pk, sam, seq_of("/a"))
    assert [step.path for step in shown.may_repeat] == ["/loop/@0/b", "/loop/@1/b", "/c", "/x"]
    assert {"/loop", "/loop/@0/exported"} <= {step.path for step in shown.runs_again}
    assert Execution.objects.get().head_seq == failed.head_seq


def test_every_finished_task_is_offered_as_a_checkpoint(failed):
    offered = [checkpoint.path for checkpoint in checkpoints(failed)]
    assert offered == [
        "/c",
        "/loop",
        "/loop/@1/exported",
        "/loop/@1/b",
        "/loop/@0/exported",
        "/loop/@0/b",
        "/a",
    ]


def test_a_restore_is_undone_by_a_decision_that_lets_stand_again_what_it_took_back(
    failed, drive, ledger, sam
):
    standing = set(Step.objects.filter(superseded_by=None).values_list("id", flat=True))
    restore(failed.pk, sam, seq_of("/a"), reason="a mistake")
    drive(failed)  # it completes: too late to undo
    with pytest.raises(Refused, match="COMPLETED"):
        undo_restore(failed.pk, sam, reason="too late")
    Execution.objects.filter(pk=failed.pk).update(phase=Phase.FAILED)
    undo_restore(failed.pk, sam, reason="it was right")
    tasks = Step.objects.filter(superseded_by=None).exclude(kind="decision")
    assert set(tasks.values_list("id", flat=True)) == standing
    assert verify(Execution.objects.get()) is None
    done = ledger.done()
    assert drive(failed).phase == Phase.FAILED, "it stands where it had failed"
    assert ledger.done() == done


def test_an_undo_is_a_decision_of_its_own_name_and_is_not_undone_in_turn(failed, sam):
    restore(failed.pk, sam, seq_of("/a"), reason="a mistake")
    Execution.objects.filter(pk=failed.pk).update(phase=Phase.FAILED)
    undo_restore(failed.pk, sam, reason="it was right")
    Execution.objects.filter(pk=failed.pk).update(phase=Phase.FAILED)
    with pytest.raises(Refused, match="no restore to undo") as refused:
        undo_restore(failed.pk, sam, reason="once more")
    assert refused.value.code == "conflict"
    trail = list(AuditEntry.objects.order_by("id").values_list("verb", "outcome"))
    assert trail == [
        ("restore", audit.DONE),
        ("undo restore", audit.DONE),
        ("undo restore", audit.REFUSED),
    ]
    assert list(
        Step.objects.filter(kind="decision").order_by("seq").values_list("name", flat=True)
    ) == [
        "restore",
        "undo restore",
    ]


def test_a_cancelled_execution_is_restored_and_that_is_undone(begin, drive, ledger, sam, alice):
    note = call("note", ledger=str(ledger.path), line="a")
    execution = drive(begin(f"do: [{{a: {note}}}, {{pause: {{wait: {{hours: 1}}}}}}]\n"))
    control.cancel(execution.pk, alice)
    restore(execution.pk, sam, seq_of("/a"), reason="cancelled by mistake")
    assert drive(execution).phase == Phase.WAITING
    undo_restore(execution.pk, sam, reason="no")
    assert verify(Execution.objects.get()) is None
    assert drive(execution).phase == Phase.WAITING
    assert ledger.done() == ["a"]


def test_a_waiting_and_a_paused_execution_are_restored(begin, drive, ledger, sam, alice):
    note = call("note", ledger=str(ledger.path), line="a")
    execution = drive(begin(f"do: [{{a: {note}}}, {{pause: {{wait: {{hours: 1}}}}}}]\n"))
    restore(execution.pk, sam, 0, reason="again")
    drive(execution)
    control.pause(execution.pk, alice)
    restore(execution.pk, sam, seq_of("/a"), reason="again")
    assert drive(execution).phase == Phase.WAITING
    assert ledger.done() == ["a", "a"]


@pytest.mark.parametrize("verb", [restore, undo_restore])
def test_the_owner_may_not_and_a_reason_is_needed(failed, alice, sam, verb):
    arguments = [seq_of("/a")] if verb is restore else []
    with pytest.raises(Refused) as refused:
        verb(failed.pk, alice, *arguments, reason="mine")
    assert refused.value.code == "forbidden"
    with pytest.raises(Refused, match="reason"):
        verb(failed.pk, sam, *arguments, reason=" ")
    assert Execution.objects.get().head_seq == failed.head_seq
    assert AuditEntry.objects.filter(outcome=audit.REFUSED).count() == 2


def test_a_step_that_is_no_checkpoint_is_refused(failed, sam):
    for seq in (seq_of("/x"), 999):
        with pytest.raises(Refused, match="no checkpoint"):
            restore(failed.pk, sam, seq, reason="why not")


def test_the_owner_is_told_and_the_audit_trail_knows_why(failed, sam, alice):
    restore(failed.pk, sam, seq_of("/c"), reason="wrong stock")
    event = Event.objects.get(name="WORKFLOW_RESTORED")
    assert event.payload["path"] == "/c"
    assert Notification.objects.filter(event=event, user=alice).exists()
    entry = AuditEntry.objects.get(verb="restore")
    assert (entry.actor_name, entry.reason, entry.before["phase"]) == (
        "sam",
        "wrong stock",
        "FAILED",
    )
    assert not list(audit.problems())


def test_a_tampered_journal_goes_on_from_the_last_good_checkpoint(failed, drive, ledger, sam):
    Step.objects.filter(path="/c").update(output={"line": "forged"})
    with pytest.raises(Refused, match="last good checkpoint is") as refused:
        decisions.recover(failed.pk, sam, reason="asked for")
    assert refused.value.code == "corrupt"
    assert Execution.objects.get().requires_manual_intervention
    broken = examine(failed)
    assert broken is not None and broken.last_good_path == "/loop"
    with pytest.raises(Refused, match="not good"):
        restore(failed.pk, sam, seq_of("/c"), reason="try")
    restore(failed.pk, sam, broken.last_good_seq, reason="the forged one runs again")
    ended = drive(failed)
    assert ended.phase == Phase.COMPLETED
    assert verify(ended) is None
    assert Step.objects.filter(path="/c", output__contains="forged").exists(), "the evidence stays"
    assert ledger.done() == ["a", "b", "b", "c", "c"]


def test_cut_off_and_foreign_journals_are_seen(failed):
    Execution.objects.update(journal_format=99)
    assert "format 99" in str(verify(Execution.objects.get()))
    Execution.objects.update(journal_format=failed.journal_format)
    Step.objects.filter(path="/x").delete()
    assert "missing" in str(verify(Execution.objects.get()))


def test_a_step_that_was_made_to_stand_again_is_seen(failed, sam):
    restore(failed.pk, sam, seq_of("/a"), reason="again")
    Step.objects.filter(path="/c").update(superseded_by=None)
    assert "/c is not where decision" in str(verify(Execution.objects.get()))


def test_interrupted_steps_are_superseded_too(begin, drive, sam):
    execution = drive(begin("do: [{first: {set: {n: 1}}}, {pause: {wait: {hours: 1}}}]\n"))
    restore(execution.pk, sam, seq_of("/first"), reason="again")
    old = Step.objects.exclude(superseded_by=None).get()
    assert (old.path, old.status) == ("/pause", StepStatus.WAITING)
