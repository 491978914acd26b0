"""Processes: who lives, who died of what, and what each drives."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString

from executions.admin.access import Looking
from executions.admin.rendering import list_link
from executions.models import Execution, Process


@admin.register(Process)
class ProcessAdmin(Looking):
    list_display = (
        "kind",
        "host",
        "pid",
        "slots",
        "version",
        "started_at",
        "heartbeat_at",
        "dead_at",
        "death",
    )
    list_filter = ("kind", ("dead_at", admin.EmptyFieldListFilter))
    search_fields = ("host__startswith", "pid__exact")
    sortable_by = ()
    fields = (
        "kind",
        "host",
        "pid",
        "process_started",
        "boot_id",
        "pid_namespace",
        "version",
        "slots",
        "started_at",
        "heartbeat_at",
        "dead_at",
        "death",
        "drives",
    )

    @admin.display
    def drives(self, process: Process) -> SafeString:
        return list_link(Execution, "What it drives now", process__id__exact=process.pk)
