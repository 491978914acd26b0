"""Workflows, their versions and instances. A definition is applied, on a page of its own."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from executions import policy
from executions.admin.access import may_change
from executions.admin.changing import Changing, InstanceForm, ResourceForm, save_described
from executions.admin.definitions import Writing
from executions.admin.rendering import json_field, link, list_link, text_block
from executions.admin.searching import by_public_id
from executions.intake.apply import apply_definition
from executions.intake.resources import Opened
from executions.models import Execution, Workflow, WorkflowInstance, WorkflowVersion


@admin.register(Workflow)
class WorkflowAdmin(Writing):
    form = ResourceForm
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
    sortable_by = ("slug",)
    raw_id_fields = ("owner",)
    readonly_fields = (
        "public_id",
        "slug",
        "namespace",
        "description",
        "head_link",
        "edit_link",
        "default_link",
        "versions_link",
        "executions_link",
        "created_at",
        "spec_updated_at",
        "spec_updated_by",
        "status_updated_at",
    )
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "public_id",
                    "slug",
                    "namespace",
                    "name",
                    "description",
                    "visibility",
                    "owner",
                )
            },
        ),
        (
            "Definition",
            {
                "fields": (
                    "head_link",
                    "edit_link",
                    "versions_link",
                    "default_link",
                    "executions_link",
                )
            },
        ),
        ("Labels", {"fields": ("labels", "tags", "annotations")}),
        (
            "Changed",
            {"fields": ("created_at", "spec_updated_at", "spec_updated_by", "status_updated_at")},
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        assert isinstance(request.user, User)
        return super().get_queryset(request) & policy.visible_workflows(request.user)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        named = by_public_id(queryset, search_term, {"wfl": "pk"})
        return (
            (named, False)
            if named is not None
            else super().get_search_results(request, queryset, search_term)
        )

    def save_model(self, request: HttpRequest, obj: Workflow, form: Any, change: bool) -> None:
        save_described(request, obj, form)

    @staticmethod
    def apply(
        text: str, actor: User, opened: Opened | None, visibility: str
    ) -> tuple[Workflow, str]:
        applied = apply_definition(text, actor, visibility=visibility, opened=opened)
        return applied.workflow, applied.result

    @admin.display(description="newest version")
    def head_link(self, workflow: Workflow) -> SafeString | str:
        return link(workflow.head_version)

    @admin.display(description="default instance")
    def default_link(self, workflow: Workflow) -> SafeString | str:
        return link(workflow.default_instance)

    @admin.display(description="versions")
    def versions_link(self, workflow: Workflow) -> SafeString:
        return list_link(WorkflowVersion, "All versions", workflow__id__exact=workflow.pk)

    @admin.display(description="executions")
    def executions_link(self, workflow: Workflow) -> SafeString:
        return list_link(Execution, "All executions", workflow__id__exact=workflow.pk)


class OfWorkflow(Changing):
    """What belongs to a workflow is visible where that is."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        assert isinstance(request.user, User)
        rows = super().get_queryset(request)
        if not may_change(request):
            rows = rows.filter(workflow__in=policy.visible_workflows(request.user))
        return rows

    @admin.display(description="workflow")
    def workflow_link(self, record: Any) -> SafeString | str:
        return link(record.workflow)


@admin.register(WorkflowVersion)
class WorkflowVersionAdmin(OfWorkflow):
    list_display = ("workflow", "number", "digest", "created_by", "created_at")
    list_select_related = ("workflow", "created_by")
    search_fields = ("workflow__slug__startswith", "digest__startswith")
    ordering = ("-id",)
    sortable_by = ()
    fields = (
        "public_id",
        "workflow_link",
        "number",
        "digest",
        "created_by",
        "created_at",
        "warnings_json",
        "source_text",
        "document_json",
    )

    warnings_json, document_json = json_field("warnings"), json_field("document")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    @admin.display(description="source")
    def source_text(self, version: WorkflowVersion) -> SafeString | str:
        return text_block(version.source)


@admin.register(WorkflowInstance)
class WorkflowInstanceAdmin(OfWorkflow):
    form = InstanceForm
    list_display = ("slug", "workflow", "description", "created_at")
    list_select_related = ("workflow",)
    search_fields = ("slug__startswith", "workflow__slug__startswith")
    ordering = ("-id",)
    sortable_by = ()
    raw_id_fields = ("workflow",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return may_change(request)

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        own = ["description", "default_input"]
        return (
            ["workflow", "slug", *own]
            if obj is None
            else ["public_id", "workflow_link", "slug", *own, "created_at"]
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return [] if obj is None else ["public_id", "workflow_link", "slug", "created_at"]
