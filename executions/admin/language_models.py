"""Models: where they answer, by which key, and who may use them."""

from __future__ import annotations

from django.contrib import admin

from executions.admin.access import Declaring
from executions.models import LanguageModel


@admin.register(LanguageModel)
class LanguageModelAdmin(Declaring):
    """Administrators declare them; support may look. No page shows a key."""

    list_display = ("name", "protocol", "address", "remote_name", "is_enabled", "for_everybody")
    list_filter = ("is_enabled", "protocol")
    search_fields = ("name__startswith",)
    sortable_by = ("name",)
    fieldsets = (
        (None, {"fields": ("name", "is_enabled")}),
        ("Server", {"fields": ("protocol", "address", "remote_name", "key_secret")}),
        ("Price of a million tokens", {"fields": ("input_price", "output_price")}),
        ("Limits", {"fields": ("max_tokens", "context_tokens", "silence_seconds")}),
        ("Who may use it", {"fields": ("for_everybody", "groups")}),
    )
