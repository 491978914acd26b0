"""Workflows, their versions and instances. A definition is applied, on a page of its own."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.models import User
from django.utils.safestring import SafeString

from executions import policy
from executions.admin.belonging import InstanceAdmin, VersionAdmin
from executions.admin.definitions import Writing
from executions.admin.rendering import json_field, link_field, list_link
from executions.intake.apply import apply_definition
from executions.intake.resources import Opened
from executions.models import Execution, Workflow, WorkflowInstance, WorkflowVersion


@admin.register(Workflow)
class WorkflowAdmin(Writing):
    prefix, page = "wfl", "workflow"
    visible = staticmethod(policy.visible_workflows)
    default_link = link_field("default_instance", "default instance")
    list_display = (
        "slug",
        "name",
        "namespace",
        "visibility",
        "owner",
        "head_version",
        "spec_updated_at",
    )
    list_select_related = ("owner", "head_version__workflow")
    list_filter = ("visibility", "namespace")
    search_fields = ("slug__startswith", "name__icontains", "namespace__startswith")
    search_help_text = (
        "A public id (wfl-…), the beginning of a slug or namespace, or part of a name"
    )
    heading = ("public_id", "slug", "namespace", "name", "description")
    links = (*Writing.links, "page_link", "default_link", "executions_link")
    changed = (*Writing.changed, "status_updated_at")

    @staticmethod
    def apply(
        text: str, actor: User, opened: Opened | None, visibility: str, message: str
    ) -> tuple[Workflow, str]:
        applied = apply_definition(
            text, actor, visibility=visibility, opened=opened, message=message
        )
        return applied.workflow, applied.result

    @admin.display(description="versions")
    def versions_link(self, workflow: Workflow) -> SafeString:
        return list_link(WorkflowVersion, "All versions", workflow__id__exact=workflow.pk)

    @admin.display(description="executions")
    def executions_link(self, workflow: Workflow) -> SafeString:
        return list_link(Execution, "All executions", workflow__id__exact=workflow.pk)


class OfWorkflow:
    """The road of what belongs to a workflow."""

    road = "workflow"
    visible = staticmethod(policy.visible_workflows)
    workflow_link = link_field("workflow")


@admin.register(WorkflowVersion)
class WorkflowVersionAdmin(OfWorkflow, VersionAdmin):
    list_display = ("workflow", "number", "message", "created_by", "created_at")
    list_select_related = ("workflow", "created_by")
    search_fields = ("workflow__slug__startswith", "digest__startswith")
    fields = (
        "public_id",
        "workflow_link",
        "number",
        "message",
        "digest",
        "created_by",
        "created_at",
        "warnings_json",
        "source_text",
        "document_json",
    )

    warnings_json = json_field("warnings")


@admin.register(WorkflowInstance)
class WorkflowInstanceAdmin(OfWorkflow, InstanceAdmin):
    list_display = ("slug", "workflow", "description", "created_at")
    list_select_related = ("workflow",)
    search_fields = ("slug__startswith", "workflow__slug__startswith")
    raw_id_fields = ("workflow",)
