"""The environments of commands that speak MCP."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from executions.admin.access import Declaring
from executions.admin.changing import JsonFormField
from executions.models import Environment
from executions.models.fields import JsonField


@admin.register(Environment)
class EnvironmentAdmin(Declaring):
    """Values that are secret are named, never shown."""

    list_display = ("name", "description")
    search_fields = ("name__startswith",)
    sortable_by = ("name",)
    fields = ("name", "description", "variables", "secrets")

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        if isinstance(db_field, JsonField):
            return JsonFormField(
                label=db_field.verbose_name.capitalize(), help_text=db_field.help_text, initial=dict
            )
        return super().formfield_for_dbfield(db_field, request, **options)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """One that a server names stays."""
        is_free = not isinstance(obj, Environment) or not obj.servers.exists()
        return is_free and super().has_delete_permission(request, obj)
