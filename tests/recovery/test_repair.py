"""Repair: every orphan is reported and mended; a second run mends none."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from executions.errors import Refused
from executions.intake import default_child
from executions.intake.agents import apply_agent
from executions.intake.apply import apply_definition
from executions.models import Agent, AgentInstance, Healing, Workflow, WorkflowInstance
from executions.recovery.repair import ConsistencyCheck, repair
from tests.intake.conftest import AGENT, WORKFLOW

pytestmark = [pytest.mark.database, pytest.mark.django_db]


@pytest.fixture
def orphans() -> None:
    """Two workflows and an agent that are not linked: one child is there, one is gone, one link is
    another's.
    """
    alice = User.objects.create_user("alice")
    for name in ("linked", "unlinked", "gone", "foreign"):
        apply_definition(WORKFLOW % name, alice)
    apply_agent(AGENT % "reviewer", alice)
    Workflow.objects.filter(slug="unlinked").update(default_instance=None)
    WorkflowInstance.objects.filter(slug="gone-default").delete()
    Workflow.objects.filter(slug="foreign").update(
        default_instance=WorkflowInstance.objects.get(slug="linked-default")
    )
    Agent.objects.update(default_instance=None)


def test_a_dry_run_names_every_orphan_and_changes_nothing(orphans: None) -> None:
    for _ in range(2):
        report = repair(dry_run=True)
        assert {orphan.slug for orphan in report.found} == {
            "unlinked",
            "gone",
            "foreign",
            "reviewer",
        }
        assert report.mended == 0
    assert {orphan.reason for orphan in report.found if orphan.slug == "foreign"} == {
        "the linked default instance is gone or belongs to another"
    }


def test_every_orphan_is_mended_and_a_second_run_mends_none(orphans: None) -> None:
    report = repair()
    assert (len(report.found), report.mended) == (4, 4)
    assert (len(repair().found), repair().mended) == (0, 0)
    for workflow in Workflow.objects.select_related("default_instance"):
        assert workflow.default_instance is not None
        assert workflow.default_instance.slug == f"{workflow.slug}-default"
        assert workflow.default_instance.workflow_id == workflow.pk
    assert WorkflowInstance.objects.count() == 4
    assert Agent.objects.get().default_instance == AgentInstance.objects.get()


def test_one_kind_can_be_repaired_alone(orphans: None) -> None:
    assert [orphan.slug for orphan in repair(["agents"]).found] == ["reviewer"]
    assert len(repair(["workflows"]).found) == 3


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(Refused, match="Use agents or workflows"):
        repair(["sessions"])


def test_what_cannot_be_mended_is_said_and_the_others_are_mended(
    orphans: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    ensure = default_child.ensure

    def sometimes(default: Any) -> Any:
        if default.parent.slug == "gone":
            raise Refused("conflict", "it is lost")
        return ensure(default)

    monkeypatch.setattr(default_child, "ensure", sometimes)
    report = repair()
    assert (len(report.found), report.mended) == (4, 3)
    assert [orphan.problem for orphan in report.found if not orphan.child] == ["it is lost"]


def test_what_was_healed_can_be_counted(orphans: None) -> None:
    before = Healing.objects.count()
    repair()
    assert list(Healing.objects.order_by("id").values_list("family", "how"))[before:] == [
        ("agent instance", "adopted"),
        ("workflow instance", "adopted"),
        ("workflow instance", "created"),
        ("workflow instance", "repaired"),
    ]


def test_the_periodic_check_mends_and_then_waits_for_its_time(orphans: None) -> None:
    check = ConsistencyCheck(every_seconds=3600)
    first = check.run_if_due()
    assert first is not None
    assert first.mended == 4
    assert check.run_if_due() is None
    again = ConsistencyCheck(every_seconds=0).run_if_due()
    assert again is not None
    assert again.found == []
