"""Setting an objective: by whom, audited, and what is no objective."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from executions.errors import Refused
from executions.models import AuditEntry, Objective, Workflow
from executions.objectives.setting import Wanted, remove, set_objective

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def test_who_may_change_the_workflow_sets_it_and_the_trail_says_so(
    workflow: Workflow, alice: User, bob: User
) -> None:
    set_objective(workflow, alice, Wanted(99.5))
    set_objective(workflow, alice, Wanted(within_seconds=30))
    row = Objective.objects.get()
    expected = {"success_percent": None, "within_seconds": 30, "within_percent": 95.0}
    assert row.told() == expected
    entry = AuditEntry.objects.filter(verb="set objective").latest("pk")
    assert (entry.subject, entry.actor, entry.after) == (workflow.public_id, alice, expected)
    for refused in (lambda: remove(workflow, bob), lambda: set_objective(workflow, bob, Wanted(9))):
        with pytest.raises(Refused, match="belongs to alice"):
            refused()
    assert remove(workflow, alice) and not remove(workflow, alice)
    assert AuditEntry.objects.filter(verb="remove objective").count() == 1


@pytest.mark.parametrize(
    ("wanted", "pointer"),
    [
        (Wanted(), "/success_percent"),
        (Wanted(100), "/success_percent"),
        (Wanted(float("nan")), "/success_percent"),
        (Wanted(within_seconds=0), "/within_seconds"),
        (Wanted(within_percent=95), "/within_seconds"),
        (Wanted(within_seconds=5, within_percent=10), "/within_percent"),
    ],
)
def test_what_is_no_objective_is_refused_and_says_where(
    workflow: Workflow, alice: User, wanted: Wanted, pointer: str
) -> None:
    with pytest.raises(Refused) as refused:
        set_objective(workflow, alice, wanted)
    assert [finding.pointer for finding in refused.value.findings] == [pointer]
    assert not Objective.objects.exists()
