"""Quarantines: which versions are driven alone, why, and until when. Deleting one ends it."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from executions.admin.access import Looking, may_change
from executions.models import Quarantine


@admin.register(Quarantine)
class QuarantineAdmin(Looking):
    list_display = ("version", "since", "until_at", "evidence")
    list_select_related = ("version__workflow",)
    sortable_by = ()
    fields = ("version", "since", "until_at", "evidence")

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return may_change(request)
