"""How long runs are kept, the archives, and what is left of runs that went to one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest

from executions.admin.access import Looking, may_change, may_look
from executions.models import Archive, PrunedExecution, RetentionRule

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin


@admin.register(RetentionRule)
class RetentionRuleAdmin(_ModelAdmin):
    """Administrators say how long runs of a workflow or an agent are kept."""

    list_display = ("__str__", "workflow", "agent", "phase", "days")
    list_filter = ("phase",)
    raw_id_fields = ("workflow", "agent")
    list_select_related = ("workflow", "agent")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may_look(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_look(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return may_change(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_change(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_change(request)


@admin.register(Archive)
class ArchiveAdmin(Looking):
    list_display = ("name", "host", "executions", "rows", "bytes", "created_at", "done_at")
    fields = (*list_display, "sha256")
    ordering = ("-id",)


@admin.register(PrunedExecution)
class PrunedExecutionAdmin(Looking):
    list_display = ("__str__", "kind", "archive", "pruned_at")
    fields = list_display
    ordering = ("-id",)
    list_select_related = ("archive",)
