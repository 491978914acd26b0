"""A workflow: a named, versioned definition with an owner."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from executions.ids import public_id, uuid7
from executions.models.fields import JsonField


class Visibility(models.TextChoices):
    SHARED = "shared", "Every signed-in user may see and run it"
    PRIVATE = "private", "Only its owner and administrators"


class WorkflowQuerySet(models.QuerySet["Workflow"]):
    def shared(self) -> WorkflowQuerySet:
        return self.filter(visibility=Visibility.SHARED)


class Workflow(models.Model):
    """Name and standing of a workflow; its text lives in its versions."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    slug = models.CharField(max_length=300)
    name = models.CharField(max_length=300)
    namespace = models.CharField(max_length=300, default="default")
    description = models.TextField(blank=True, default="")
    labels = JsonField(default=dict, blank=True)
    tags = JsonField(default=list, blank=True)
    annotations = JsonField(default=dict, blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="workflows")
    visibility = models.CharField(max_length=10, choices=Visibility.choices, default=Visibility.SHARED)
    default_instance = models.ForeignKey(
        "executions.WorkflowInstance", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    head_version = models.ForeignKey(
        "executions.WorkflowVersion", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    spec_updated_at = models.DateTimeField(auto_now_add=True)
    spec_updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    status_updated_at = models.DateTimeField(null=True, blank=True)

    objects = WorkflowQuerySet.as_manager()

    class Meta:
        ordering = ("slug",)
        constraints = (
            models.UniqueConstraint(fields=["slug"], condition=Q(visibility="shared"), name="workflow_shared_slug"),
            models.UniqueConstraint(
                fields=["owner", "slug"], condition=Q(visibility="private"), name="workflow_private_slug"
            ),
            models.CheckConstraint(condition=~Q(slug=""), name="workflow_slug_not_empty"),
        )

    def __str__(self) -> str:
        return self.slug

    @property
    def public_id(self) -> str:
        return public_id("wfl", self.pk)

    def default_instance_slug(self) -> str:
        return f"{self.slug}-default"
