"""The audit trail: who did what, with the hashes that chain it."""

from __future__ import annotations

from django.contrib import admin

from executions.admin.access import Looking
from executions.admin.rendering import json_field
from executions.models import AuditEntry


@admin.register(AuditEntry)
class AuditEntryAdmin(Looking):
    list_display = ("created_at", "actor_name", "verb", "subject", "outcome", "reason")
    list_filter = ("verb", "outcome", "created_at")
    search_fields = ("subject__startswith", "actor_name__startswith", "correlation_id__startswith")
    ordering = ("-id",)
    sortable_by = ()
    fields = (
        "created_at",
        "actor_name",
        "verb",
        "subject",
        "outcome",
        "reason",
        "correlation_id",
        "before_json",
        "after_json",
        "previous_hash",
        "hash",
    )

    before_json, after_json = json_field("before"), json_field("after")
