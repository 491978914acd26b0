"""Creating an execution: the stages in their order, each alone, and what a caller is told."""

from __future__ import annotations

from typing import Any

import pytest
import structlog
from django.contrib.auth.models import User

from executions.errors import Refused
from executions.ids import public_id
from executions.intake import create_execution as stages
from executions.intake.apply import apply_definition
from executions.intake.create_execution import (
    AGENT_EXECUTION_CREATE,
    WORKFLOW_EXECUTION_CREATE,
    Duplicate,
)
from executions.intake.execution_draft import ExecutionDraft
from executions.intake.start import start, start_agent
from executions.models import Agent, AgentRun, Execution, Session, Workflow, WorkflowInstance
from tests.intake.conftest import WORKFLOW

pytestmark = [pytest.mark.database, pytest.mark.django_db]
WITH_SCHEMA = """
document: {dsl: '1.0.0', namespace: tests, name: strict, version: '1.0.0'}
input: {schema: {document: {type: object, required: [x]}}}
do:
- first: {set: {x: 1}}
"""


def draft(alice: Any, **more: Any) -> ExecutionDraft:
    return ExecutionDraft(owner=alice, **more)


def test_the_stages_stand_in_the_order_of_the_document() -> None:
    assert WORKFLOW_EXECUTION_CREATE.steps == [
        "Validate",
        "ResolveSlug",
        "ValidateWorkflowOrInstance",
        "CreateDefaultInstanceIfNeeded",
        "CheckDuplicate",
        "BuildNewState",
        "SetInitialPhase",
        "Persist",
    ]


def test_an_agents_run_takes_the_same_stages_and_one_for_its_session() -> None:
    assert AGENT_EXECUTION_CREATE.steps == [
        "Validate",
        "ResolveSlug",
        "ValidateSessionOrAgent",
        "CreateDefaultInstanceIfNeeded",
        "CreateSessionIfNeeded",
        "CheckDuplicate",
        "BuildNewState",
        "SetInitialPhase",
        "Persist",
    ]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"name": "x" * 301}, "at most 300"),
        ({"name": "a\x00b"}, "printable"),
        ({"correlation_id": "with blank"}, "correlation id"),
        ({"queue": "fast"}, "no queue 'fast'"),
        ({"runner": "theirs"}, "no runner 'theirs'"),
        ({"runner_silence_seconds": 0}, "silent"),
        ({"input": {"x": float("nan")}}, "The input"),
        ({"input": "\x00"}, "The input"),
    ],
)
def test_validate_refuses_what_cannot_be(alice: User, asked: Any, said: Any) -> None:
    with pytest.raises(Refused, match=said) as caught:
        stages.validate(draft(alice, **asked))
    assert caught.value.code == "invalid"


def test_validate_takes_the_correlation_id_of_the_request(alice: User) -> None:
    with structlog.contextvars.bound_contextvars(correlation_id="from-the-web"):
        asked = draft(alice)
        stages.validate(asked)
    own = draft(alice, correlation_id="mine")
    stages.validate(own)
    made = draft(alice)
    stages.validate(made)
    assert (asked.correlation_id, own.correlation_id) == ("from-the-web", "mine")
    assert made.correlation_id == made.public_id


def test_an_agents_run_by_our_workers_needs_a_model_that_its_owner_may_ask(
    alice: User, agent: Agent
) -> None:
    asked = draft(alice, kind="agent", agent=agent, input={"message": "hello", "model": "small"})
    with pytest.raises(Refused, match="There is no model 'small' that you may use") as caught:
        stages.validate_session_or_agent(asked)
    assert caught.value.code == "conflict"


def test_resolve_slug_makes_it_of_the_name_or_of_the_id(alice: User, workflow: Workflow) -> None:
    named, unnamed = (
        draft(alice, workflow=workflow, name="My Run!"),
        draft(alice, workflow=workflow),
    )
    for one in (named, unnamed):
        stages.resolve_slug(one)
    assert named.slug == "my-run"
    assert unnamed.slug == f"review-pr-{unnamed.public_id[4:]}"


def test_resolve_slug_refuses_a_name_that_leaves_nothing(alice: User, workflow: Workflow) -> None:
    with pytest.raises(Refused, match="empty slug"):
        stages.resolve_slug(draft(alice, workflow=workflow, name="日本語"))


def test_neither_workflow_nor_instance_is_invalid(alice: User) -> None:
    with pytest.raises(Refused) as caught:
        stages.validate_workflow_or_instance(draft(alice))
    assert caught.value.code == "invalid"


def test_an_instance_alone_names_its_workflow(alice: User, workflow: Workflow) -> None:
    asked = draft(alice, given_instance=workflow.default_instance)
    stages.validate_workflow_or_instance(asked)
    assert (asked.workflow, asked.version) == (workflow, workflow.head_version)


def test_neither_session_nor_agent_is_invalid(alice: User) -> None:
    with pytest.raises(Refused) as caught:
        stages.validate_session_or_agent(draft(alice, kind="agent"))
    assert caught.value.code == "invalid"


def test_check_duplicate_names_the_one_that_exists(alice: User, workflow: Workflow) -> None:
    existing = start(workflow, alice, input={}, name="nightly")
    with pytest.raises(Duplicate, match="'nightly' already exists") as caught:
        stages.check_duplicate(draft(alice, name="Nightly", unique_name=True, slug="nightly"))
    assert (caught.value.code, caught.value.existing) == ("conflict", existing.public_id)
    assert existing.public_id in str(caught.value)


def test_a_name_is_taken_for_its_owner_only(alice: User, bob: User, workflow: Workflow) -> None:
    start(workflow, alice, input={}, name="nightly")
    assert start(workflow, bob, input={}, name="nightly").slug == "nightly"


def test_build_new_state_takes_the_instances_input_where_none_is_given(
    alice: User, workflow: Workflow
) -> None:
    instance = WorkflowInstance.objects.create(
        workflow=workflow, slug="custom", default_input={"x": 7}
    )
    assert start(workflow, alice, instance=instance).input == {"x": 7}
    assert start(workflow, alice, instance=instance, input={"x": 8}).input == {"x": 8}


def test_the_first_phase_is_pending_and_due(alice: User, workflow: Workflow) -> None:
    execution = Execution.objects.get(pk=start(workflow, alice, input={}).pk)
    assert (execution.phase, execution.started_at, execution.progress_total) == ("PENDING", None, 2)
    assert Execution.objects.due().filter(pk=execution.pk).exists()


def test_an_input_that_does_not_fit_is_refused_and_nothing_is_stored(alice: User) -> None:
    strict = apply_definition(WITH_SCHEMA, alice).workflow
    with pytest.raises(
        Refused, match=r"^pipeline step BuildNewState failed: The input does not fit"
    ) as caught:
        start(strict, alice, input={})
    assert caught.value.code == "invalid"
    assert not Execution.objects.exists()


def test_the_failing_stage_is_named_as_in_the_documents(alice: User, workflow: Workflow) -> None:
    start(workflow, alice, input={}, name="nightly")
    with pytest.raises(
        Refused, match=r"^pipeline step CheckDuplicate failed: Execution with slug 'nightly'"
    ) as caught:
        start(workflow, alice, input={}, name="Nightly", unique_name=True)
    said = caught.value
    assert "pipeline step" not in said.message and "pipeline step" not in said.text


@pytest.mark.django_db(transaction=True)
def test_who_was_overtaken_after_the_check_gets_to_know_the_others_id(
    alice: User, workflow: Workflow
) -> None:
    late = draft(alice, workflow=workflow, name="nightly", unique_name=True, input={})
    for stage in WORKFLOW_EXECUTION_CREATE.stages[:-1]:
        stage(late)
    first = start(workflow, alice, input={}, name="nightly")
    with pytest.raises(Duplicate) as caught:
        stages.persist(late)
    assert caught.value.existing == first.public_id


@pytest.mark.django_db(transaction=True)
def test_twenty_runs_of_one_unique_name_at_once_make_one_and_nineteen_conflicts(
    alice: User, workflow: Workflow, at_once: Any
) -> None:
    found = at_once(20, lambda: start(workflow, alice, input={}, name="nightly", unique_name=True))
    made = [one for one in found if isinstance(one, Execution)]
    refused = [one for one in found if isinstance(one, Refused)]
    assert (len(made), {one.code for one in refused}, len(refused)) == (1, {"conflict"}, 19), found
    assert all(made[0].public_id in str(one) for one in refused)


@pytest.mark.django_db(transaction=True)
def test_a_name_may_be_used_again_also_by_twenty_at_once(
    alice: User, workflow: Workflow, at_once: Any
) -> None:
    found = at_once(20, lambda: start(workflow, alice, input={}, name="Nightly"))
    assert {type(one) for one in found} == {Execution}, found
    assert {one.name for one in found} == {"Nightly"}
    slugs = {one.slug for one in found}
    assert len(slugs) == 20 and "nightly" in slugs
    assert {one.slug for one in found if one.slug != "nightly"} <= {
        f"nightly-{one.public_id[4:]}" for one in found
    }
    longest = "n" * 300
    assert {start(workflow, alice, input={}, name=longest).name for _ in range(2)} == {longest}


@pytest.mark.django_db(transaction=True)
def test_when_storing_fails_the_healed_instance_is_taken_back_as_well(
    alice: User, workflow: Workflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    WorkflowInstance.objects.all().delete()
    workflow.refresh_from_db()

    def crash(*arguments: Any, **more: Any) -> None:
        raise OSError("disk full")

    with (
        monkeypatch.context() as crashing,
        pytest.raises(Exception, match="pipeline step Persist failed: disk full"),
    ):
        crashing.setattr(Execution, "save", crash)
        start(workflow, alice, input={})
    assert not WorkflowInstance.objects.exists()
    assert start(workflow, alice, input={}).instance is not None


def test_a_run_that_an_external_runner_drives_is_never_due_for_our_workers(
    alice: User, workflow: Workflow
) -> None:
    execution = start(workflow, alice, input={}, runner="external", runner_silence_seconds=60)
    assert not Execution.objects.due().exists()
    assert (execution.runner, execution.runner_silence_seconds) == ("external", 60)
    assert execution.runner_due_at is not None


def test_an_agents_run_without_a_session_makes_one_and_the_next_goes_on_in_it(
    agent: Agent, alice: User
) -> None:
    first = start_agent(agent, alice, message="hello", model="small", runner="external")
    second = start_agent(agent, alice, message="and now?", runner="external")
    assert first.session_id == second.session_id
    assert Session.objects.get().slug == "pr-reviewer-default"
    assert first.input == {"message": "hello", "model": "small"}
    assert (first.public_id[:4], first.agent_instance) == ("aex-", agent.default_instance)
    assert AgentRun.objects.count() == 2


def test_a_session_alone_names_its_agent_and_a_strangers_session_is_refused(
    agent: Agent, alice: User, bob: User
) -> None:
    session = start_agent(agent, alice, message="hello", runner="external").session
    assert (
        start_agent(None, alice, message="again", session=session, runner="external").agent == agent
    )
    with pytest.raises(Refused, match="pipeline step CreateSessionIfNeeded failed"):
        start_agent(agent, bob, message="mine?", session=session, runner="external")


def test_the_public_id_is_that_of_the_row(alice: User, workflow: Workflow) -> None:
    execution = start(workflow, alice, input={})
    assert execution.public_id == public_id("wex", execution.pk)


def test_the_five_ways_to_run_of_the_documents_all_work(alice: User, workflow: Workflow) -> None:
    normal = start(workflow, alice, input={})
    type(workflow).objects.update(default_instance=None)
    workflow.refresh_from_db()
    orphan = start(workflow, alice, input={})
    custom = WorkflowInstance.objects.create(workflow=workflow, slug="custom-instance")
    explicit = start(workflow, alice, input={}, instance=custom)
    workflow.refresh_from_db()
    assert normal.instance == orphan.instance == workflow.default_instance
    assert explicit.instance == custom


def test_a_new_version_keeps_the_default_instance(alice: User, workflow: Workflow) -> None:
    applied = apply_definition(WORKFLOW % "review-pr" + "# a comment\n", alice)
    assert (applied.result, applied.workflow.default_instance) == (
        "updated",
        workflow.default_instance,
    )
