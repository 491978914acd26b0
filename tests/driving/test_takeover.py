"""What a dead process left behind: verified, told, counted, and at last set aside."""

from __future__ import annotations

import pytest
from django.db import OperationalError, transaction

from executions import audit
from executions.driving import takeover
from executions.driving.attempts.running import Running
from executions.driving.driver import advance
from executions.driving.lease import claim
from executions.driving.store import Here
from executions.language.walking.places import call_at
from executions.models import AuditEntry, Event, Execution, Notification, Process, Quarantine, Step
from executions.states import Phase, StepStatus
from executions.verbs.deciding import decisions
from tests.driving.conftest import new_process
from tests.driving.texts import call

pytestmark = [pytest.mark.database, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def outside(monkeypatch):
    """The functions of these tests run in the worker; most tests are about what runs outside of
    it.
    """
    monkeypatch.setattr(takeover, "call_at", lambda workflow, path: None)


@pytest.fixture
def interrupted(begin, drive, ledger, monkeypatch):
    """One finished step, and a second one that had begun when its process died."""
    first, second = (call("note", ledger=str(ledger.path), line=line) for line in "ab")
    execution = begin(f"do: [{{a: {first}}}, {{b: {second}}}]\n")
    die_during(execution, "b", monkeypatch)
    return execution


def die_during(execution, line, monkeypatch, *, alone=False, process=None):
    """Drive until the step that writes ``line`` has begun, then leave everything as a killed
    process does.
    """
    process = process or new_process()

    class Killed(BaseException):
        pass

    from executions.driving.attempts import attempt

    run = attempt.run

    def dying(request, context, *, in_transaction=False):
        if request.step.arguments["arguments"].get("line") == line:
            raise Killed
        return run(request, context, in_transaction=in_transaction)

    with monkeypatch.context() as patch:
        patch.setattr(attempt, "run", dying)
        with pytest.raises(Killed):
            advance(
                execution.pk, process_id=process.pk, store=Here(), running=Running(), alone=alone
            )
    process.declare_dead("killed by SIGKILL")
    return process


def go_on(execution, *, alone=False):
    advance(execution.pk, process_id=new_process().pk, store=Here(), running=Running(), alone=alone)
    return Execution.objects.get(pk=execution.pk)


def test_a_whole_journal_goes_on_and_the_owner_is_told_once(interrupted, ledger, alice):
    ended = go_on(interrupted)
    assert ended.phase == Phase.COMPLETED
    assert ledger.done() == ["a", "b"], "the finished step did not run again"
    event = Event.objects.get(name="WORKFLOW_RECOVERED")
    assert set(event.payload) == {
        "workflow_id",
        "workflow_definition_id",
        "execution_id",
        "resumed_from",
        "timestamp",
    }
    assert Notification.objects.filter(user=alice, event=event).count() == 1
    entry = AuditEntry.objects.get(verb="automatic recovery")
    assert (entry.actor_name, entry.outcome) == ("system", audit.DONE)
    assert "killed by SIGKILL" in entry.reason
    assert not list(audit.problems())


def test_a_broken_journal_is_refused_unchanged_and_waits_for_a_person(interrupted, ledger, alice):
    Step.objects.filter(path="/a").update(output={"forged": True})
    before = list(Step.objects.order_by("id").values())
    ended = go_on(interrupted)
    assert (ended.phase, ended.requires_manual_intervention) == (Phase.FAILED, True)
    assert "not what was written" in ended.failure_reason
    assert list(Step.objects.order_by("id").values()) == before
    assert ledger.done() == ["a"]
    event = Event.objects.get(name="WORKFLOW_RECOVERY_FAILED")
    assert Notification.objects.filter(user=alice, event=event).exists()
    assert AuditEntry.objects.get(verb="automatic recovery").outcome == audit.FAILED


def test_who_stopped_in_order_did_not_crash(begin, process):
    execution = begin("do: [{a: {set: {n: 1}}}]\n")
    claim(execution.pk, process.pk)
    process.declare_dead("stopped")
    assert go_on(execution).crashes is None


def test_after_two_crashes_it_is_driven_alone_and_after_five_set_aside(
    interrupted, ledger, monkeypatch
):
    execution = interrupted
    die_during(execution, "b", monkeypatch)
    assert go_on(execution).phase == Phase.PENDING, (
        "the second crash: put back for a process of its own"
    )
    assert claim(execution.pk, new_process().pk) is None, "others do not take it"
    for _ in range(3):
        die_during(execution, "b", monkeypatch, alone=True)
    ended = go_on(execution, alone=True)
    assert (ended.phase, ended.requires_manual_intervention) == (Phase.FAILED, True)
    assert "ended 5 times in a row at step /b (killed by SIGKILL)" in ended.failure_reason
    assert Step.objects.get(path="/b", superseded_by=None).status == StepStatus.FAILED
    crashes = Event.objects.get(name="WORKFLOW_RECOVERY_FAILED").payload["crashes"]
    assert [crash["death"] for crash in crashes] == ["killed by SIGKILL"] * 5
    assert ledger.done() == ["a"]


def test_one_verb_releases_it_and_it_is_still_driven_alone(interrupted, ledger, monkeypatch, alice):
    test_after_two_crashes_it_is_driven_alone_and_after_five_set_aside(
        interrupted, ledger, monkeypatch
    )
    decisions.retry(interrupted.pk, alice)
    assert claim(interrupted.pk, new_process().pk) is None
    ended = go_on(interrupted, alone=True)
    assert (ended.phase, ended.alone) == (Phase.COMPLETED, False)


def test_progress_ends_the_counting(interrupted, ledger, monkeypatch, begin):
    process = Process.objects.get(death="killed by SIGKILL")
    assert process.held_at_death == 1
    ended = go_on(interrupted)
    assert (ended.crashes, ended.alone) == (None, False)


def test_crashes_that_were_shared_do_not_set_it_aside(begin, ledger, monkeypatch):
    monkeypatch.setattr("executions.driving.crashes.LONELY_CRASHES", 1)
    b = call("note", ledger=str(ledger.path), line="b")
    execution, other = begin(f"do: [{{b: {b}}}]\n"), begin(f"do: [{{b: {b}}}]\n", name="other")
    for _ in range(2):
        process = new_process()
        claim(other.pk, process.pk)
        die_during(execution, "b", monkeypatch, process=process)
    assert go_on(execution).phase == Phase.PENDING
    assert go_on(execution, alone=True).phase == Phase.COMPLETED


def own_process():
    process = new_process()
    process.kind = "alone"
    process.save()
    return process


def test_who_ends_a_process_of_its_own_quarantines_its_version(interrupted, monkeypatch, begin):
    die_during(interrupted, "b", monkeypatch)
    go_on(interrupted)
    assert not Quarantine.objects.exists(), "crashes beside others, or in a worker, say too little"
    die_during(interrupted, "b", monkeypatch, alone=True, process=own_process())
    go_on(interrupted, alone=True)
    quarantine = Quarantine.objects.get()
    assert quarantine.version_id == interrupted.version_id
    assert interrupted.public_id in quarantine.evidence


def test_what_is_quarantined_is_left_to_a_process_of_its_own(begin):
    execution = begin("do: [{a: {set: {n: 1}}}, {b: {wait: {hours: 1}}}, {c: {set: {n: 2}}}]\n")
    assert execution.version_id is not None
    Quarantine.begin(execution.version_id, 600, "it ended its process")
    running, process_id = Running(), new_process().pk
    assert advance(execution.pk, process_id=process_id, store=Here(), running=running)
    seen = Execution.objects.get(pk=execution.pk)
    assert (seen.phase, seen.alone, seen.process_id) == (Phase.PENDING, True, None)
    assert not advance(execution.pk, process_id=process_id, store=Here(), running=running)
    assert go_on(execution, alone=True).phase == Phase.WAITING
    assert Event.objects.filter(name="WORKFLOW_STARTED").count() == 1


def test_once_a_quarantine_is_over_its_version_is_driven_beside_others_again(begin):
    execution = begin("do: [{a: {set: {n: 1}}}]\n")
    assert execution.version_id is not None
    Quarantine.begin(execution.version_id, -1, "long ago")
    assert go_on(execution).phase == Phase.COMPLETED


def test_that_it_began_is_told_though_its_first_process_died_before_it_wrote_anything(begin):
    execution = begin("do: [{a: {set: {n: 1}}}]\n")
    first = new_process()
    claim(execution.pk, first.pk)
    first.declare_dead("killed by SIGKILL")
    assert go_on(execution).phase == Phase.COMPLETED
    names = list(Event.objects.order_by("seq").values_list("name", flat=True))
    assert names == ["WORKFLOW_STARTED", "WORKFLOW_RECOVERED", "WORKFLOW_COMPLETED"]


def test_one_crash_in_the_middle_of_a_function_that_runs_in_the_worker_is_enough(
    interrupted, monkeypatch
):
    monkeypatch.setattr(takeover, "call_at", call_at)
    seen = go_on(interrupted)
    assert (seen.phase, seen.alone) == (Phase.PENDING, True)
    assert go_on(interrupted, alone=True).phase == Phase.COMPLETED


def test_that_it_began_is_told_though_the_takeover_has_to_run_twice(begin):
    execution = begin("do: [{a: {set: {n: 1}}}]\n")
    first = new_process()
    claim(execution.pk, first.pk)
    first.declare_dead("killed by SIGKILL")
    broken: list[int] = []

    class OnceRefused(Here):
        def call(self, work):
            def once():
                with transaction.atomic():
                    result = work()
                    if not broken and Event.objects.filter(name="WORKFLOW_RECOVERED").exists():
                        broken.append(1)
                        raise OperationalError("broken off")
                return result

            try:
                return super().call(once)
            except OperationalError:
                return super().call(work)

    advance(execution.pk, process_id=new_process().pk, store=OnceRefused(), running=Running())
    assert broken
    names = list(Event.objects.order_by("seq").values_list("name", flat=True))
    assert names == ["WORKFLOW_STARTED", "WORKFLOW_RECOVERED", "WORKFLOW_COMPLETED"]
