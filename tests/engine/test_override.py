"""An administrator's word on the phase."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from executions.engine.lease import claim
from executions.engine.override import choices, override
from executions.errors import Refused
from executions.models import AuditEntry, Event, Execution
from executions.states import Phase

pytestmark = [pytest.mark.database, pytest.mark.django_db]


@pytest.fixture
def ada(db: None) -> User:
    return User.objects.create_superuser("ada")


@pytest.mark.parametrize("to", [Phase.FAILED, Phase.CANCELLED, Phase.TERMINATED, Phase.PAUSED, Phase.PENDING])
def test_whoever_drives_it_is_shut_out_and_the_owner_is_told(begin, process, ada, to):
    execution = begin("do: [{a: {set: {n: 1}}}]\n")
    held = claim(execution.pk, process.pk)
    override(execution.pk, ada, to, reason="it hangs")
    after = Execution.objects.get()
    assert (after.phase, after.process_id) == (to, None)
    assert held is not None and after.token > held.token
    assert Event.objects.get(name="WORKFLOW_OVERRIDDEN").notifications.get().user == execution.owner
    entry = AuditEntry.objects.get(verb="override")
    assert (entry.reason, entry.before["phase"], entry.after["phase"]) == ("it hangs", "IN_PROGRESS", to)


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
