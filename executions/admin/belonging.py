"""The rows of a definition, a workflow's or an agent's: its versions and its instances."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from executions.admin.access import may_change
from executions.admin.changing import Changing, InstanceForm
from executions.admin.rendering import json_field, text_block


class OfDefinition(Changing):
    """Visible where the definition is.

    ``road`` leads from a row to it, and ``visible`` gives the definitions that a person may see.
    """

    road = ""
    visible: Callable[[Any], QuerySet[Any]]
    ordering = ("-id",)
    sortable_by = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        assert isinstance(request.user, User)
        rows = super().get_queryset(request)
        if not may_change(request):
            rows = rows.filter(**{f"{self.road}__in": self.visible(request.user)})
        return rows


class VersionAdmin(OfDefinition):
    """A version is history: it is looked at."""

    document_json = json_field("document")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    @admin.display(description="source")
    def source_text(self, version: Any) -> SafeString | str:
        return text_block(version.source)


class InstanceAdmin(OfDefinition):
    """An instance names its definition once, and keeps its slug."""

    form = InstanceForm

    def has_add_permission(self, request: HttpRequest) -> bool:
        return may_change(request)

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        own = ["description", "default_input"]
        if obj is None:
            return [self.road, "slug", *own]
        return ["public_id", f"{self.road}_link", "slug", *own, "created_at"]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return [] if obj is None else ["public_id", f"{self.road}_link", "slug", "created_at"]
