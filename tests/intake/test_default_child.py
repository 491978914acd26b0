"""The default child of every family heals: linked, adopted, created, however many ask at once."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from executions.errors import Refused
from executions.intake import default_child, tallies
from executions.intake.agents import apply_agent
from executions.intake.apply import apply_definition
from executions.intake.default_child import (
    DefaultChildLost,
    ensure,
    of_agent,
    of_workflow,
    session_of,
)
from executions.intake.start import start, start_agent
from executions.models import Agent, AgentInstance, Healing, Session, Workflow, WorkflowInstance
from tests.intake.conftest import AGENT, WORKFLOW

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]


def family_of(parent: Workflow | Agent) -> default_child.DefaultChild[Any]:
    return of_workflow(parent) if isinstance(parent, Workflow) else of_agent(parent)


@pytest.fixture(params=["workflow", "agent"])
def parent(request: pytest.FixtureRequest) -> Workflow | Agent:
    found: Workflow | Agent = request.getfixturevalue(request.param)
    return found


def reread(parent: Any) -> Any:
    return type(parent).objects.get(pk=parent.pk)


def unlink(parent: Any) -> Any:
    type(parent).objects.update(default_instance=None)
    return reread(parent)


def happened() -> list[str]:
    return list(Healing.objects.order_by("id").values_list("how", flat=True))


def test_a_resource_is_made_with_its_default_instance(parent: Any) -> None:
    instance = parent.default_instance
    assert instance.slug == f"{parent.slug}-default"
    assert reread(parent).default_instance_id == instance.pk
    assert happened() == ["created"]


def test_a_linked_child_is_used_and_only_counted(
    parent: Any, django_assert_num_queries: Any
) -> None:
    family = family_of(parent).family
    ensure(family_of(parent))
    before, so_far = tallies.counts()[family, "linked"], happened()
    with django_assert_num_queries(2):
        assert ensure(family_of(parent)) == parent.default_instance
    assert tallies.counts()[family, "linked"] == before + 1 == 2
    assert happened() == so_far


def test_an_orphaned_child_is_adopted_linked_and_counted_once(parent: Any) -> None:
    child = parent.default_instance
    parent = unlink(parent)
    assert ensure(family_of(parent)) == child
    assert ensure(family_of(reread(parent))) == child
    assert reread(parent).default_instance_id == child.pk
    assert reread(parent).status_updated_at is not None
    assert happened() == ["created", "adopted"]


def test_adopting_changes_the_status_and_not_the_wish(parent: Any) -> None:
    wished = parent.spec_updated_at
    ensure(family_of(unlink(parent)))
    assert reread(parent).spec_updated_at == wished


def test_a_missing_child_is_made_again(parent: Any) -> None:
    lost = parent.default_instance
    lost.delete()
    parent = reread(parent)
    assert parent.default_instance_id is None
    made = ensure(family_of(parent))
    assert (made.pk != lost.pk, made.slug) == (True, f"{parent.slug}-default")
    assert happened() == ["created", "created"]


def test_a_link_that_this_process_remembers_to_a_deleted_child_heals(parent: Any) -> None:
    type(parent.default_instance).objects.all().delete()
    made = ensure(family_of(parent))
    assert reread(parent).default_instance_id == made.pk
    assert happened() == ["created", "created", "repaired"]


def test_a_link_to_anothers_child_is_replaced(parent: Any, alice: User) -> None:
    apply = apply_definition if isinstance(parent, Workflow) else apply_agent
    text = WORKFLOW if isinstance(parent, Workflow) else AGENT
    apply(text % "another", alice)
    foreign = type(parent.default_instance).objects.get(slug="another-default")
    own = parent.default_instance
    type(parent).objects.filter(pk=parent.pk).update(default_instance=foreign)
    assert ensure(family_of(reread(parent))) == own
    assert happened()[-1] == "repaired"


def test_a_foreign_child_with_the_slug_is_never_adopted(alice: User) -> None:
    another = apply_definition(WORKFLOW % "another", alice).workflow
    stolen = WorkflowInstance.objects.create(workflow=another, slug="mine-default")
    mine = apply_definition(WORKFLOW % "mine", alice).workflow
    assert mine.default_instance is not None
    assert (mine.default_instance.pk != stolen.pk, mine.default_instance.workflow_id) == (
        True,
        mine.pk,
    )


def test_a_given_child_is_used_even_where_there_is_no_default(parent: Any) -> None:
    parent.default_instance.delete()
    fields = {"workflow" if isinstance(parent, Workflow) else "agent": parent}
    custom = family_of(parent).children.create(slug="custom", **fields)
    assert ensure(family_of(reread(parent)), custom) == custom
    assert family_of(parent).children.count() == 1


def test_a_given_child_of_another_parent_is_refused(alice: User, workflow: Workflow) -> None:
    another = apply_definition(WORKFLOW % "another", alice).workflow
    with pytest.raises(Refused, match=r"review-pr-default .* is not one of another") as caught:
        ensure(of_workflow(another), workflow.default_instance)
    assert caught.value.code == "invalid"


def test_a_duplicate_that_cannot_be_found_is_a_diagnostic_and_nothing_is_written(
    parent: Any,
) -> None:
    type(parent.default_instance).objects.all().delete()
    default = family_of(reread(parent))
    taken = default.children.create(slug="taken", **{type(parent).__name__.lower(): parent})
    clashing = default_child.DefaultChild(
        default.family,
        default.parent,
        default.children,
        lambda slug: default.children.create(
            slug="taken", **{type(parent).__name__.lower(): parent}
        ),
    )
    with pytest.raises(DefaultChildLost) as caught, transaction.atomic():
        ensure(clashing)
    assert f"{parent.slug}-default" in str(caught.value)
    assert parent.public_id in str(caught.value)
    assert reread(parent).default_instance_id is None
    assert list(default.children.all()) == [taken]


def test_any_other_error_passes_through_unchanged(parent: Any) -> None:
    type(parent.default_instance).objects.all().delete()
    default = family_of(reread(parent))
    broken = default_child.DefaultChild(
        default.family,
        default.parent,
        default.children,
        lambda slug: default.children.create(slug=slug),
    )
    with pytest.raises(IntegrityError, match=r"(?i)not.null"):
        ensure(broken)


def test_a_crash_between_child_and_link_leaves_neither(
    parent: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    type(parent.default_instance).objects.all().delete()
    parent = reread(parent)

    def crash(*arguments: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as crashing, pytest.raises(KeyboardInterrupt), transaction.atomic():
        crashing.setattr(default_child, "_link", crash)
        ensure(family_of(parent))
    assert not family_of(parent).children.exists()
    assert ensure(family_of(parent)).slug == f"{parent.slug}-default"


def test_twenty_callers_at_once_get_one_child(parent: Any, at_once: Any) -> None:
    type(parent.default_instance).objects.all().delete()
    parent = reread(parent)

    def work() -> Any:
        with transaction.atomic():
            return ensure(family_of(reread(parent))).pk

    found = at_once(20, work)
    assert len(set(found)) == 1, found
    assert family_of(parent).children.count() == 1
    assert happened() == ["created", "created"]


def test_twenty_starts_at_once_all_succeed_with_one_orphan_adopted(
    workflow: Workflow, alice: User, at_once: Any
) -> None:
    child = workflow.default_instance
    assert child is not None
    unlink(workflow)
    found = at_once(20, lambda: start(reread(workflow), alice, input={}).instance_id)
    assert found == [child.pk] * 20
    assert happened() == ["created", "adopted"]


def test_twenty_agent_runs_at_once_share_one_instance_and_one_session(
    agent: Agent, alice: User, at_once: Any
) -> None:
    AgentInstance.objects.all().delete()

    def work() -> Any:
        execution = start_agent(reread(agent), alice, message="hello", runner="external")
        return execution.agent_instance_id, execution.session_id

    found = at_once(20, work)
    assert len(set(found)) == 1, found
    assert (AgentInstance.objects.count(), Session.objects.count()) == (1, 1)


def test_everybody_has_a_default_session_of_their_own(agent: Agent, alice: User, bob: User) -> None:
    mine, again, theirs = (ensure(session_of(agent, owner)) for owner in (alice, alice, bob))
    assert mine == again != theirs
    assert (mine.slug, theirs.owner_id) == ("pr-reviewer-default", bob.pk)


def test_the_counters_tell_made_adopted_and_repaired_apart(workflow: Workflow) -> None:
    ensure(of_workflow(unlink(workflow)))
    counts = tallies.counts()
    assert [counts["workflow instance", how] for how in ("created", "adopted", "repaired")] == [
        1,
        1,
        0,
    ]
    assert counts["session", "created"] == 0


def test_adopting_says_what_the_documents_ask_for(workflow: Workflow, logged: list[Any]) -> None:
    ensure(of_workflow(unlink(workflow)))
    assert [(entry["log_level"], entry["event"]) for entry in logged] == [
        ("debug", "Default instance not set in status, checking if it exists by slug"),
        ("info", "Found existing default instance, updating status"),
        ("debug", "Updated status with default instance"),
        ("info", "Successfully resolved existing default instance"),
    ]
    assert {entry["slug"] for entry in logged} == {"review-pr-default"}


def test_creating_says_what_the_documents_ask_for(workflow: Workflow, logged: list[Any]) -> None:
    WorkflowInstance.objects.all().delete()
    ensure(of_workflow(reread(workflow)))
    told = [(entry["log_level"], entry["event"]) for entry in logged]
    assert ("info", "Default instance not found, creating new one") in told
    assert ("info", "Successfully ensured default instance exists") in told


def test_a_duplicate_is_said_as_a_warning_before_it_is_looked_up_again(
    workflow: Workflow, logged: list[Any]
) -> None:
    WorkflowInstance.objects.all().delete()
    default = of_workflow(reread(workflow))
    clash = WorkflowInstance.objects.create(workflow=workflow, slug="taken")
    clashing = default_child.DefaultChild(
        default.family,
        default.parent,
        default.children,
        lambda slug: WorkflowInstance.objects.create(workflow=workflow, slug=clash.slug),
    )
    with pytest.raises(DefaultChildLost):
        ensure(clashing)
    told = [(entry["log_level"], entry["event"]) for entry in logged]
    assert told[-1] == ("warning", "Default instance already exists, fetching existing instance")
