"""A workflow: a named, versioned definition with an owner."""

from __future__ import annotations

from django.db import models

from executions.ids import public_id
from executions.models.resource import Resource, Visibility

__all__ = ["Visibility", "Workflow"]


class WorkflowQuerySet(models.QuerySet["Workflow"]):
    def shared(self) -> WorkflowQuerySet:
        return self.filter(visibility=Visibility.SHARED)


class Workflow(Resource):
    """A workflow's name and standing."""

    namespace = models.CharField(max_length=300, default="default")
    default_instance = models.ForeignKey(
        "executions.WorkflowInstance",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    head_version = models.ForeignKey(
        "executions.WorkflowVersion",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )

    objects = WorkflowQuerySet.as_manager()

    @property
    def public_id(self) -> str:
        return public_id("wfl", self.pk)
