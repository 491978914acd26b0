"""Every workflow has its default instance: linked, else found and adopted, else made; however many ask at once."""

from __future__ import annotations

import structlog
from django.db import IntegrityError, transaction
from django.utils import timezone

from executions.errors import StigmerError
from executions.models import Workflow, WorkflowInstance

log = structlog.get_logger(__name__)


class DefaultInstanceLost(StigmerError):
    """The database says that the default instance exists already, and then does not find it."""

    def __init__(self, workflow: Workflow) -> None:
        super().__init__(
            f"The default instance {workflow.default_instance_slug()} of workflow {workflow.slug} could not be made "
            "because it exists, and could not be found. Look at the workflow's instances in the admin."
        )


def default_instance(workflow: Workflow) -> WorkflowInstance:
    """The workflow's default instance, healed where it was missing or not linked."""
    if workflow.default_instance_id is not None and workflow.default_instance is not None:
        return workflow.default_instance
    slug = workflow.default_instance_slug()
    log.debug("status empty, checking by slug", workflow=workflow.slug, slug=slug)
    instance = WorkflowInstance.objects.filter(workflow=workflow, slug=slug).first()
    if instance is not None:
        log.info("found existing", workflow=workflow.slug, slug=slug)
    else:
        instance = _create(workflow, slug)
    Workflow.objects.filter(pk=workflow.pk).update(default_instance=instance, status_updated_at=timezone.now())
    workflow.default_instance = instance
    log.debug("status updated", workflow=workflow.slug, instance=instance.public_id)
    return instance


def _create(workflow: Workflow, slug: str) -> WorkflowInstance:
    log.info("not found, creating", workflow=workflow.slug, slug=slug)
    try:
        # A savepoint: on PostgreSQL a duplicate would otherwise spoil the transaction around it.
        with transaction.atomic():
            return WorkflowInstance.objects.create(workflow=workflow, slug=slug)
    except IntegrityError:
        log.warning("already exists, fetching", workflow=workflow.slug, slug=slug)
    instance = WorkflowInstance.objects.filter(workflow=workflow, slug=slug).first()
    if instance is None:
        raise DefaultInstanceLost(workflow)
    return instance
