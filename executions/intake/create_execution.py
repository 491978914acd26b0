"""Creating an execution: the stages of the two pipelines, in which most are shared.

The last one rings the doorbell, which is heard once everything is committed.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from uuid import UUID

import structlog
from django.conf import settings

from executions import clock, policy, schemas
from executions import language as definition
from executions.dispatch import QUEUES, ring_after_commit
from executions.errors import Finding, NotStorable, Refused
from executions.expressions import EVALUATION_SECONDS
from executions.ids import parse_public_id
from executions.intake import default_child, own_workspace
from executions.intake.execution_draft import ExecutionDraft
from executions.intake.fairness import queue_of_first_bell
from executions.intake.pipeline import Pipeline
from executions.intake.slugs import slug_of
from executions.logs import CORRELATION_HEADER, is_correlation_id
from executions.models import (
    Agent,
    AgentInstance,
    AgentRun,
    Execution,
    Workflow,
    WorkflowInstance,
    WorkflowVersion,
)
from executions.models.outside import outside
from executions.said import Said
from executions.states import Phase, Runner
from executions.values import digest, storable

LONGEST_NAME = 300
NOBODY = UUID(int=0)
LONGEST_SILENCE_SECONDS = 30 * 24 * 3600
log = structlog.get_logger(__name__)


class Duplicate(Refused):
    """This person has an execution of that name already; ``existing`` is its id."""

    def __init__(self, slug: str, existing: Execution) -> None:
        super().__init__(
            "conflict",
            f"Execution with slug {slug!r} already exists (id: {existing.public_id}).",
            state=existing.phase,
            remedy=(
                "Give this one another name, or do not ask for a name of its own (`unique_name`)."
            ),
        )
        self.existing = existing.public_id


def validate(draft: ExecutionDraft) -> None:
    """The checks that need no database: lengths, choices, and whether the input can be stored."""
    draft.name = draft.name.strip()
    if len(draft.name) > LONGEST_NAME or not draft.name.isprintable():
        raise _invalid("/name", f"A name has at most {LONGEST_NAME} printable characters.")
    bound = structlog.contextvars.get_contextvars().get("correlation_id", "")
    draft.correlation_id = draft.correlation_id or str(bound) or draft.public_id
    if not is_correlation_id(draft.correlation_id):
        raise Refused(
            "invalid",
            "A correlation id has 1 to 64 letters, digits or `._:-`.",
            remedy=Said("Send such a one in {header}, or none.", header=CORRELATION_HEADER),
        )
    _check_choice("queue", draft.queue, QUEUES)
    _check_choice("runner", draft.runner, tuple(Runner))
    if not 1 <= draft.runner_silence_seconds <= LONGEST_SILENCE_SECONDS:
        message = f"A runner may be silent for 1 to {LONGEST_SILENCE_SECONDS:,} seconds."
        raise _invalid("/runner_silence_seconds", message)
    _check_storable(draft.input)


def resolve_slug(draft: ExecutionDraft) -> None:
    """A given name gives the slug.

    Without one it is made of what is run and the new id, and is unique.
    """
    if draft.name:
        draft.slug = slug_of(draft.name)
    else:
        subject = draft.subject or (draft.given_instance and _parent_of(draft.given_instance))
        draft.slug = "-".join([subject.slug if subject else draft.kind, draft.public_id[4:]])


def validate_workflow_or_instance(draft: ExecutionDraft) -> None:
    """A workflow or one of its instances has to be named; it has to have a version."""
    if draft.workflow is None and isinstance(draft.given_instance, WorkflowInstance):
        draft.workflow = draft.given_instance.workflow
    if draft.workflow is None:
        raise Refused(
            "invalid", "Neither a workflow nor an instance is named.", remedy="Name one of the two."
        )
    draft.version = draft.given_version or draft.workflow.head_version
    _check_has_version(draft)
    own_workspace.check(draft)


def validate_session_or_agent(draft: ExecutionDraft) -> None:
    """An agent, one of its instances or a session has to be named; a session is its owner's
    alone.
    """
    if draft.agent is None and isinstance(draft.given_instance, AgentInstance):
        draft.agent = draft.given_instance.agent
    if draft.agent is None and draft.given_session is not None:
        draft.agent = draft.given_session.agent
    if draft.agent is None:
        raise Refused(
            "invalid", "Neither an agent nor a session is named.", remedy="Name one of the two."
        )
    draft.version = draft.agent.head_version
    _check_has_version(draft)
    own_workspace.check(draft)
    if draft.runner == Runner.OURS:
        assert draft.version is not None
        model = draft.input.get("model") or draft.version.document.get("model") or ""
        policy.model_for(draft.owner, model)


def create_default_instance_if_needed(draft: ExecutionDraft) -> None:
    """The given instance, else the default one, healed where it was missing or not linked."""
    instance = draft.given_instance
    if draft.agent is not None:
        assert instance is None or isinstance(instance, AgentInstance)
        draft.instance = default_child.ensure(default_child.of_agent(draft.agent), instance)
    else:
        assert draft.workflow is not None and (
            instance is None or isinstance(instance, WorkflowInstance)
        )
        draft.instance = default_child.ensure(default_child.of_workflow(draft.workflow), instance)
    log.debug("instance resolved", execution_id=draft.public_id, instance=draft.instance.public_id)


def create_session_if_needed(draft: ExecutionDraft) -> None:
    """The given session, else this person's default one with the agent."""
    assert draft.agent is not None
    draft.session = default_child.ensure(
        default_child.session_of(draft.agent, draft.owner), draft.given_session
    )
    _find_what_it_goes_on_from(draft)


def _find_what_it_goes_on_from(draft: ExecutionDraft) -> None:
    """The run whose messages come before this one's: the one that is named, else the last that
    was completed in the session that is named.
    """
    assert draft.agent is not None
    if draft.runner != Runner.OURS:
        return
    own = Execution.objects.filter(owner=draft.owner, agent=draft.agent, runner=Runner.OURS)
    from_run = draft.input.get("from_run")
    if from_run is None and draft.given_session is not None:
        completed = own.filter(session=draft.given_session, phase=Phase.COMPLETED).order_by("-id")
        last = completed.first()
        draft.input |= {"from_run": last.public_id} if last is not None else {}
    elif (
        from_run is not None
        and not own.filter(pk=parse_public_id(from_run, "aex") or NOBODY).exists()
    ):
        raise _invalid(
            "/from_run", f"You have no run {from_run[:60]!r} of this agent to go on from."
        )
    own_workspace.keep(draft)


def check_duplicate(draft: ExecutionDraft) -> None:
    """If this person has an execution of that name, another one is refused if its name is to be
    unique; else its slug gets its id as well.
    """
    existing = _existing(draft) if draft.name else None
    if existing is not None:
        _give_another_slug(draft, existing)


def build_new_state(draft: ExecutionDraft) -> None:
    """The row, with the input that holds: the given one, else the instance's default; it has to fit
    the schema.
    """
    assert draft.instance is not None and draft.version is not None
    draft.input = draft.instance.default_input if draft.input is None else draft.input
    if isinstance(draft.version, WorkflowVersion):
        check_input(draft.version.document, draft.input, str(draft.owner.pk))
    build_row(draft)


def build_row(draft: ExecutionDraft) -> None:
    """The row, with an input that was checked."""
    draft.execution = execution = Execution(
        id=draft.id,
        kind=draft.kind,
        name=draft.name or (draft.subject.name if draft.subject else draft.slug),
        slug=draft.slug,
        owner=draft.owner,
        queue=draft.queue,
        runner=draft.runner,
        input=draft.input,
        own_workspace=draft.own_workspace,
        correlation_id=draft.correlation_id,
        **draft.descent,
    )
    if isinstance(draft.version, WorkflowVersion):
        execution.workflow, execution.version = draft.workflow, draft.version
        execution.instance = (
            draft.instance if isinstance(draft.instance, WorkflowInstance) else None
        )
        execution.progress_total = len(draft.version.document["do"])
    elif isinstance(draft.instance, AgentInstance):
        execution.agent, execution.agent_version = draft.agent, draft.version
        execution.agent_instance, execution.session = draft.instance, draft.session
        if draft.runner == Runner.OURS and draft.version is not None:
            execution.host = own_workspace.host_of_folder(execution, draft.version.document)


def set_initial_phase(draft: ExecutionDraft) -> None:
    """PENDING and due; only who runs it says IN_PROGRESS."""
    assert draft.execution is not None
    now = clock.now()
    draft.execution.phase, draft.execution.wake_at = Phase.PENDING, now
    if draft.runner == Runner.EXTERNAL:
        draft.execution.runner_silence_seconds = draft.runner_silence_seconds
        draft.execution.runner_due_at = now + timedelta(seconds=draft.runner_silence_seconds)


def persist(draft: ExecutionDraft) -> None:
    """Store it.

    Another request of the same name may have overtaken this one since it was looked for.
    """
    execution = draft.execution
    assert execution is not None

    def insert() -> Execution:
        execution.save(force_insert=True)
        return execution

    if default_child.created_once(insert) is None:
        existing = _existing(draft)
        assert existing is not None, "the database calls it a duplicate and does not have it"
        _give_another_slug(draft, existing)
        execution.slug = draft.slug
        insert()
    if draft.kind == "agent":
        AgentRun.objects.create(execution=execution)
    if draft.runner == Runner.OURS:
        ring_after_commit(execution.pk, partial(queue_of_first_bell, execution), execution.owner_id)
    log.info(
        "execution created",
        execution_id=execution.public_id,
        correlation_id=execution.correlation_id,
    )


def _about(draft: ExecutionDraft) -> dict[str, object]:
    return {"execution_id": draft.public_id}


WORKFLOW_EXECUTION_CREATE = Pipeline(
    "workflow-execution-create",
    validate,
    resolve_slug,
    validate_workflow_or_instance,
    create_default_instance_if_needed,
    check_duplicate,
    build_new_state,
    set_initial_phase,
    persist,
    first_write=create_default_instance_if_needed,
    about=_about,
)
# The input was checked when the run before it began.
WORKFLOW_EXECUTION_FORK = Pipeline(
    "workflow-execution-fork",
    validate,
    resolve_slug,
    validate_workflow_or_instance,
    create_default_instance_if_needed,
    check_duplicate,
    build_row,
    set_initial_phase,
    persist,
    first_write=create_default_instance_if_needed,
    about=_about,
)
AGENT_EXECUTION_CREATE = Pipeline(
    "agent-execution-create",
    validate,
    resolve_slug,
    validate_session_or_agent,
    create_default_instance_if_needed,
    create_session_if_needed,
    check_duplicate,
    build_new_state,
    set_initial_phase,
    persist,
    first_write=create_default_instance_if_needed,
    about=_about,
)


def input_problems(document: definition.Workflow, value: object, owner: str) -> list[Finding]:
    """The objections of the workflow's input schema to this input; a check in the name of
    ``owner``, who starts it.

    It is made outside of the transaction that is open. Raises Refused where there is no answer.
    """
    if document.input is None or document.input.schema_ is None:
        return []
    schema = document.input.schema_.document
    return outside(
        ("input", digest("", [schema, value])), partial(_input_problems, schema, value, owner)
    )


def _input_problems(schema: object, value: object, owner: str) -> list[Finding]:
    try:
        return schemas.problems(schema, value, owner=owner, seconds=EVALUATION_SECONDS)
    except schemas.SchemaUnusable as problem:
        raise Refused(
            "conflict",
            Said(
                "The input cannot be checked, the workflow's schema cannot be used: {problem}.",
                problem=problem,
            ),
            remedy="Correct the schema and apply the workflow again.",
        ) from problem
    except schemas.SchemaBusy as problem:
        raise Refused(
            "unavailable",
            Said("The input cannot be checked now: {problem}.", problem=problem),
            remedy=(
                "Other checks of yours that take long are waited for; try again in a few seconds."
            ),
        ) from problem
    except schemas.SchemaError as problem:
        raise _invalid(
            "/input", f"It could not be checked against the workflow's schema: {problem}."
        ) from problem


def _parent_of(instance: WorkflowInstance | AgentInstance) -> Workflow | Agent:
    return instance.workflow if isinstance(instance, WorkflowInstance) else instance.agent


def _existing(draft: ExecutionDraft) -> Execution | None:
    return Execution.objects.filter(owner=draft.owner, slug=draft.slug).first()


def _give_another_slug(draft: ExecutionDraft, existing: Execution) -> None:
    """One that no other execution has. Raises Duplicate where the name is to be unique."""
    if draft.unique_name:
        raise Duplicate(draft.slug, existing)
    draft.slug = f"{draft.slug}-{draft.public_id[4:]}"


def _check_choice(field: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise _invalid(
            f"/{field}", f"There is no {field} {value!r}. Use one of {', '.join(allowed)}."
        )


def _check_has_version(draft: ExecutionDraft) -> None:
    subject = draft.subject
    if draft.version is None and subject is not None:
        raise Refused(
            "conflict",
            Said("The {kind} {name} has no version yet.", kind=draft.kind, name=subject.slug),
            remedy="Apply a definition.",
        )


def _check_storable(value: object) -> None:
    try:
        storable(value, limit_bytes=settings.STIGMER_VALUE_BYTES)
    except NotStorable as problem:
        raise _invalid("/input", f"The input: {problem}") from problem


def check_input(document: dict[str, object], value: object, owner: str) -> None:
    """Whether a run of this document may begin with it. Raises Refused."""
    _check_storable(value)
    if "input" not in document:
        return
    problems = input_problems(definition.load(document), value, owner)
    if problems:
        placed = [Finding(f"/input{each.pointer}", each.message) for each in problems]
        raise Refused("invalid", "The input does not fit the workflow's schema.", findings=placed)


def _invalid(pointer: str, message: str) -> Refused:
    return Refused("invalid", message, findings=[Finding(pointer, message)])
