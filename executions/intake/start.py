"""Starting an execution: one row, PENDING and due, and a ring at the doorbell once it is committed."""

from __future__ import annotations

from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from executions import definition
from executions.definition import Workflow as WorkflowDocument
from executions.dispatch import ring_after_commit
from executions.engine import schemas
from executions.errors import NotStorable, Refused
from executions.ids import public_id, uuid7
from executions.intake.default_instance import default_instance
from executions.models import Execution, Workflow, WorkflowInstance
from executions.states import Phase
from executions.values import storable

log = structlog.get_logger(__name__)


def input_problems(document: WorkflowDocument, value: Any) -> list[str]:
    """What the workflow's input schema says against this input."""
    if document.input is None or document.input.schema_ is None:
        return []
    return schemas.problems(document.input.schema_.document, value)


def start(
    workflow: Workflow,
    owner: User,
    *,
    input: Any = None,
    instance: WorkflowInstance | None = None,
    name: str = "",
    correlation_id: str = "",
    queue: str = "default",
) -> Execution:
    """A new PENDING execution of the workflow's newest version. Raises Refused; then nothing is stored."""
    version = workflow.head_version
    if version is None:
        raise Refused("conflict", f"The workflow {workflow.slug} has no version yet.", remedy="Apply a definition.")
    with transaction.atomic():
        instance = instance or default_instance(workflow)
        given = instance.default_input if input is None else input
        _check_input(definition.load(version.document), given)
        execution_id = uuid7()
        short = public_id("wex", execution_id)
        execution = Execution.objects.create(
            id=execution_id,
            name=name or workflow.name,
            slug=f"{workflow.slug}-{short[4:]}",
            workflow=workflow,
            instance=instance,
            version=version,
            owner=owner,
            queue=queue,
            input=given,
            correlation_id=correlation_id or short,
            phase=Phase.PENDING,
            wake_at=timezone.now(),
            progress_total=len(version.document["do"]),
        )
        ring_after_commit(execution)
    log.info("execution created", execution_id=execution.public_id, correlation_id=execution.correlation_id)
    return execution


def _check_input(document: WorkflowDocument, value: Any) -> None:
    try:
        storable(value, limit_bytes=settings.STIGMER_VALUE_BYTES)
    except NotStorable as problem:
        raise Refused("invalid", str(problem)) from problem
    found = input_problems(document, value)
    if found:
        raise Refused("invalid", "The input does not fit the workflow's schema: " + "; ".join(found))
