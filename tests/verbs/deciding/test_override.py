"""An administrator's word on the phase."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from executions.driving.lease import claim
from executions.errors import Refused
from executions.models import AuditEntry, Event, Execution
from executions.policy import SUPPORT_GROUP
from executions.states import ACTIVE_PHASES, MOVES, Phase, WaitingFor
from executions.verbs.deciding.override import choices, override
from executions.verbs.deciding.restore import restore
from tests.people import confirmed, in_group

pytestmark = [pytest.mark.database, pytest.mark.django_db]


@pytest.fixture
def ada(db: None) -> User:
    return confirmed(User.objects.create_superuser("ada"))


@pytest.fixture
def sam(db: None) -> User:
    user = User.objects.create_user("sam")
    return in_group(user, SUPPORT_GROUP)


@pytest.mark.parametrize(
    "to", [Phase.FAILED, Phase.CANCELLED, Phase.TERMINATED, Phase.PAUSED, Phase.PENDING]
)
def test_whoever_drives_it_is_shut_out_and_the_owner_is_told(begin, process, ada, to):
    execution = begin("do: [{a: {set: {n: 1}}}]\n")
    held = claim(execution.pk, process.pk)
    override(execution.pk, ada, to, reason="it hangs")
    after = Execution.objects.get()
    assert (after.phase, after.process_id) == (to, None)
    assert held is not None and after.token > held.token
    assert Event.objects.get(name="WORKFLOW_OVERRIDDEN").notifications.get().user == execution.owner
    entry = AuditEntry.objects.get(verb="override")
    assert (entry.reason, entry.before["phase"], entry.after["phase"]) == (
        "it hangs",
        "IN_PROGRESS",
        to,
    )


@pytest.mark.parametrize("to", [phase for phase in Phase if phase.row.override])
def test_an_administrator_may_say_what_has_words(begin, ada, to):
    """From the phases that lead there and need no worker."""
    origins = [each for each in (Phase.WAITING, Phase.PENDING, Phase.FAILED) if to in MOVES[each]]
    execution = begin("do: [{a: {set: {n: 1}}}]\n")
    Execution.objects.update(phase=origins[0], waiting_for=WaitingFor.DECISION)
    assert to in choices(Execution.objects.get())
    override(execution.pk, ada, to, reason="it is settled")
    after = Execution.objects.get()
    assert (after.phase, after.is_active()) == (to, to in ACTIVE_PHASES)
    assert (after.ended_at is None) is (to in ACTIVE_PHASES)


def test_what_only_a_worker_can_know_cannot_be_said(begin, ada):
    execution = begin("do: [{a: {set: {n: 1}}}]\n")
    assert not set(choices(execution)) & {Phase.IN_PROGRESS, Phase.WAITING, Phase.COMPLETED}
    with pytest.raises(Refused, match="Possible now"):
        override(execution.pk, ada, Phase.COMPLETED, reason="done by hand")


def test_it_is_for_administrators_and_needs_a_reason(begin, alice, ada):
    execution = begin("do: [{a: {set: {n: 1}}}]\n")
    with pytest.raises(Refused, match="override is not for you"):
        override(execution.pk, alice, Phase.FAILED, reason="mine")
    with pytest.raises(Refused, match="reason"):
        override(execution.pk, ada, Phase.FAILED, reason="")


def test_a_failed_execution_is_set_aside_for_good_and_only_a_restore_leads_back(
    begin, drive, ada, sam
):
    execution = drive(
        begin(
            "do: [{a: {set: {n: 1}}}, {x: {raise: {error: {type: 'https://example.org/x', status:"
            " 400}}}}]\n"
        )
    )
    assert choices(execution) == [Phase.CANCELLED]
    Execution.objects.update(requires_manual_intervention=True)
    override(execution.pk, ada, Phase.CANCELLED, reason="the order was withdrawn")
    after = Execution.objects.get()
    assert (after.phase, after.requires_manual_intervention) == (Phase.CANCELLED, False)
    assert after.failure_reason, "why it had failed is still said"
    assert not Execution.objects.needing_attention().exists()
    assert choices(after) == []
    restore(execution.pk, sam, 0, reason="it was not")
    assert drive(execution).phase == Phase.FAILED


@pytest.mark.parametrize(
    ("phase", "way"),
    [(Phase.FAILED, "Retry"), (Phase.PAUSED, "Resume"), (Phase.CANCELLED, "Restore")],
)
def test_the_ways_back_to_work_are_verbs_of_their_own(begin, ada, phase, way):
    """A failure that still stands would fail again at once; what was cancelled may have
    happened.
    """
    execution = begin("do: [{a: {set: {n: 1}}}]\n")
    Execution.objects.filter(pk=execution.pk).update(phase=phase)
    assert Phase.PENDING not in choices(Execution.objects.get())
    with pytest.raises(Refused, match=way) as refused:
        override(execution.pk, ada, Phase.PENDING, reason="go on")
    assert refused.value.code == "wrong_phase"


def test_a_refused_override_is_in_the_audit_trail(begin, alice):
    execution = begin("do: [{a: {set: {n: 1}}}]\n")
    with pytest.raises(Refused):
        override(execution.pk, alice, Phase.FAILED, reason="mine")
    entry = AuditEntry.objects.get(verb="override")
    assert (entry.outcome, entry.actor_name, entry.after["code"]) == (
        "refused",
        "alice",
        "forbidden",
    )
