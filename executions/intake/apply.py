"""Create a workflow from its text, or give it a new version; the same text changes nothing."""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from executions import definition, policy
from executions.definition import Definition, Limits
from executions.errors import Refused
from executions.intake.default_instance import default_instance
from executions.intake.slugs import slug_of
from executions.models import Workflow, WorkflowVersion
from executions.models.workflow import Visibility
from executions.steps import functions

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class AppliedWorkflow:
    """``result`` is ``created``, ``updated`` or ``unchanged``."""

    workflow: Workflow
    version: WorkflowVersion
    result: str


def parse(text: str) -> Definition:
    """The text under this installation's limits and functions. Raises DefinitionError with every problem."""
    limits = Limits(
        max_bytes=settings.STIGMER_DEFINITION_BYTES,
        max_depth=settings.STIGMER_DEFINITION_DEPTH,
        max_nodes=settings.STIGMER_DEFINITION_NODES,
    )
    known = functions.load_functions(settings.STIGMER_FUNCTION_MODULES)
    return definition.parse(text, limits=limits, known_functions=known)


def apply_definition(text: str, actor: User, *, visibility: str = Visibility.SHARED) -> AppliedWorkflow:
    """Apply one text in the name of ``actor``. Raises DefinitionError or Refused; then nothing is stored."""
    parsed = parse(text)
    document = parsed.workflow.document
    slug = slug_of(document.name)
    with transaction.atomic():
        workflow = _find(slug, actor, visibility)
        if workflow is None:
            workflow = Workflow(slug=slug, name=document.title or document.name, owner=actor, visibility=visibility)
            workflow.namespace = document.namespace
            workflow.save(force_insert=True)
            result = "created"
        else:
            _check_may_change(workflow, actor, document.namespace)
            head = workflow.head_version
            if head is not None and head.digest == parsed.digest:
                return AppliedWorkflow(workflow, head, "unchanged")
            result = "updated"
        version = _add_version(workflow, parsed, actor)
        default_instance(workflow)
    log.info("workflow applied", workflow=workflow.slug, version=version.number, result=result, user=actor.pk)
    return AppliedWorkflow(workflow, version, result)


def _find(slug: str, actor: User, visibility: str) -> Workflow | None:
    """Locked, so that two who apply at once get two numbers."""
    rows = Workflow.objects.select_for_update(of=("self",)).select_related("head_version")
    if visibility == Visibility.PRIVATE:
        return rows.filter(slug=slug, visibility=Visibility.PRIVATE, owner=actor).first()
    return rows.filter(slug=slug, visibility=Visibility.SHARED).first()


def _check_may_change(workflow: Workflow, actor: User, namespace: str) -> None:
    if not policy.can_change(actor, workflow):
        raise Refused(
            "forbidden",
            f"The workflow {workflow.slug} belongs to {workflow.owner}.",
            remedy="Only its owner or an administrator may change it; give yours another name.",
        )
    if workflow.namespace != namespace:
        raise Refused(
            "conflict",
            f"A workflow named {workflow.slug} is in the namespace {workflow.namespace!r} already.",
            remedy=f"Use that namespace, or another name for the one in {namespace!r}.",
        )


def _add_version(workflow: Workflow, parsed: Definition, actor: User) -> WorkflowVersion:
    document = parsed.workflow.document
    number = (workflow.head_version.number if workflow.head_version else 0) + 1
    version = WorkflowVersion.objects.create(
        workflow=workflow,
        number=number,
        source=parsed.source,
        document=parsed.document,
        digest=parsed.digest,
        warnings=[str(warning) for warning in parsed.warnings],
        created_by=actor,
    )
    workflow.head_version = version
    workflow.name = document.title or document.name
    workflow.description = document.summary or ""
    workflow.tags = document.tags or {}
    workflow.spec_updated_at, workflow.spec_updated_by = timezone.now(), actor
    workflow.save(update_fields=["head_version", "name", "description", "tags", "spec_updated_at", "spec_updated_by"])
    return version
