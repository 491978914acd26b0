"""Workflows, agents, versions, instances, conversations, tokens and notifications as the API shows
them.
"""

from __future__ import annotations

from typing import Any, Literal

from executions import sight
from executions.api.render import links
from executions.api.schemas import resources as shapes
from executions.api.schemas.shared import API_VERSION, Audit, Audits, Metadata
from executions.ids import public_id
from executions.models import (
    Agent,
    AgentInstance,
    AgentVersion,
    ApiToken,
    Execution,
    Notification,
    PersonalSettings,
    Session,
    Skill,
    SkillVersion,
    Workflow,
    WorkflowInstance,
    WorkflowVersion,
)
from executions.models.personal_settings import NAMES

KINDS: dict[type[Any], Literal["Workflow", "Agent", "Skill"]] = {
    Workflow: "Workflow",
    Agent: "Agent",
    Skill: "Skill",
}


def kind_of(row: Workflow | Agent | Skill) -> str:
    return KINDS[type(row)].lower()


def resource(row: Workflow | Agent | Skill, *, brief: bool = False) -> shapes.Resource:
    kind, head = kind_of(row), row.head_version
    changed_by = row.spec_updated_by.username if row.spec_updated_by else row.owner.username
    spec_audit = Audit(
        created_by=row.owner.username,
        created_at=row.created_at,
        updated_by=changed_by,
        updated_at=row.spec_updated_at,
        event="updated" if row.spec_updated_at > row.created_at else "created",
    )
    status_audit = Audit(
        created_at=row.created_at, updated_at=row.status_updated_at, event="updated"
    )
    return shapes.Resource(
        api_version=API_VERSION,
        kind=KINDS[type(row)],
        metadata=_metadata(row),
        spec=shapes.ResourceSpec(
            description=row.description,
            version=head.number if head else None,
            digest=head.digest if head else None,
            document=None if brief or head is None else head.document,
            namespace=row.namespace if isinstance(row, Workflow) else None,
        ),
        status=shapes.ResourceStatus(
            default_instance_id=_default_instance_id(row),
            warnings=[] if head is None else [str(warning) for warning in head.warnings],
            audit=Audits(spec_audit=spec_audit, status_audit=status_audit),
        ),
        links=links.of_resource(kind, row.public_id),
    )


def _default_instance_id(row: Workflow | Agent | Skill) -> str | None:
    if isinstance(row, Skill):
        return None
    prefix = "win" if isinstance(row, Workflow) else "ain"
    return public_id(prefix, row.default_instance_id) if row.default_instance_id else None


def _metadata(row: Workflow | Agent | Skill) -> Metadata:
    return Metadata(
        id=row.public_id,
        name=row.name,
        slug=row.slug,
        owner=row.owner.username,
        visibility=row.visibility,
        group=row.group.name if row.group else None,
        labels=row.labels or {},
        annotations=row.annotations or {},
        tags=row.tags,
        created_at=row.created_at,
    )


def item(row: Workflow | Agent | Skill) -> shapes.Resource:
    return resource(row, brief=True)


def version(
    parent: Workflow | Agent | Skill,
    row: WorkflowVersion | AgentVersion | SkillVersion,
    *,
    brief: bool = False,
) -> shapes.Version:
    return shapes.Version(
        id=row.public_id,
        number=row.number,
        digest=row.digest,
        warnings=[str(warning) for warning in row.warnings],
        message=row.message,
        created_by=row.created_by.username,
        created_at=row.created_at,
        source=None if brief else row.source,
        document=None if brief else row.document,
        links=links.to(f"/{kind_of(parent)}s/{parent.public_id}/versions/{row.number}"),
    )


def instance(row: WorkflowInstance | AgentInstance) -> shapes.Instance:
    parent: Workflow | Agent = row.workflow if isinstance(row, WorkflowInstance) else row.agent
    return shapes.Instance(
        id=row.public_id,
        slug=row.slug,
        parent_id=parent.public_id,
        description=row.description,
        default_input=row.default_input,
        is_default=parent.default_instance_id == row.pk,
        created_at=row.created_at,
        links=links.to(f"/{kind_of(parent)}-instances/{row.public_id}"),
    )


def session(row: Session) -> shapes.Session:
    here = f"/sessions/{row.public_id}"
    return shapes.Session(
        id=row.public_id,
        slug=row.slug,
        agent_id=row.agent.public_id,
        agent=row.agent.slug,
        owner=row.owner.username,
        subject=row.subject,
        annotations=row.annotations or {},
        created_at=row.created_at,
        links=links.to(here, executions=f"/agent-executions?session={row.public_id}"),
    )


def personal_settings(row: PersonalSettings) -> shapes.PersonalSettings:
    return shapes.PersonalSettings.model_validate({name: getattr(row, name) for name in NAMES})


def notification(row: Notification) -> shapes.Notification:
    return shapes.Notification(
        id=public_id("ntf", row.pk),
        event=row.event.name,
        execution_id=row.event.execution.public_id,
        payload=row.event.payload,
        created_at=row.created_at,
        read_at=row.read_at,
        settled=getattr(row, "is_settled", False),
    )


def token(row: ApiToken) -> shapes.Token:
    return shapes.Token(
        id=row.public_id,
        name=row.name,
        scopes=list(row.scopes),
        last_characters=row.last_characters,
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
    )


def failed(row: Execution) -> shapes.Failed:
    return shapes.Failed(
        execution_id=row.public_id,
        workflow_id=row.workflow.public_id if row.workflow else None,
        workflow=row.subject.slug,
        owner=row.owner.username,
        phase=row.phase,
        reason=sight.reason_of(row),
        failed_at=row.failed_at,
        retry_count=row.retry_count,
        step=row.current_step,
        requires_manual_intervention=row.requires_manual_intervention,
        correlation_id=row.correlation_id,
        links=links.of_execution(row),
    )
