"""Where events are sent: administrators declare sinks, and have sent again what was given up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest

from executions.admin.access import Declaring, Looking, may_change
from executions.admin.rendering import json_field
from executions.models import Channel, Sending
from executions.outbound import channels
from executions.outbound.lifecycle import PREFIX, TYPES

if TYPE_CHECKING:
    _ModelForm = forms.ModelForm[Channel]
else:
    _ModelForm = forms.ModelForm


class ChannelForm(_ModelForm):
    """Types as boxes to tick: none is all."""

    address = forms.URLField(max_length=500, assume_scheme="https")
    types = forms.MultipleChoiceField(
        choices=[(each, each.removeprefix(PREFIX)) for each in TYPES],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="None ticked: all.",
    )

    class Meta:
        model = Channel
        fields = ("kind", "name", "address", "types", "secret", "with_output", "is_active")

    def clean(self) -> dict[str, Any] | None:
        given = super().clean() or {}
        found = channels.problems(
            given.get("kind", ""), given.get("address", ""), given.get("types", [])
        )
        for name, problem in found.items() if "address" in given else ():
            self.add_error(name, problem)
        return given


@admin.register(Channel)
class ChannelAdmin(Declaring):
    form = ChannelForm
    list_display = ("name", "address", "is_active", "waiting", "given_up", "sent_at", "problem")
    list_filter = ("is_active",)
    search_fields = ("name__startswith",)
    sortable_by = ("name",)
    fieldsets = (
        (None, {"fields": ("kind", "name", "is_active")}),
        ("Where and what", {"fields": ("address", "types", "secret", "with_output")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).counting()  # type: ignore[attr-defined,no-any-return]

    def save_model(self, request: HttpRequest, obj: Channel, form: Any, change: bool) -> None:
        """What is turned on hears what happens from now on."""
        if change and obj.is_active and "is_active" in form.changed_data:
            obj.hears_from, obj.failures, obj.rests_until, obj.problem = Now(), 0, None, ""
        super().save_model(request, obj, form, change)


class StateFilter(admin.SimpleListFilter):
    title, parameter_name = "state", "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(each, each) for each in ("waiting", "given up", "sent")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.in_state(self.value() or "")  # type: ignore[attr-defined,no-any-return]


@admin.register(Sending)
class SendingAdmin(Looking):
    list_display = ("id", "channel", "type", "created_at", "tries", "sent_at", "dead_at", "problem")
    list_display_links = ("type",)
    list_select_related = ("channel",)
    list_filter = (StateFilter, "channel")
    search_fields = ("type__startswith",)
    ordering = ("-id",)
    sortable_by = ()
    fields = (
        "channel",
        "type",
        "body_json",
        "created_at",
        "tries",
        "due_at",
        "problem",
        "sent_at",
        "dead_at",
    )
    actions = ("send_again",)

    body_json = json_field("body")

    def has_send_permission(self, request: HttpRequest) -> bool:
        return may_change(request)

    @admin.action(description="Send again what was given up", permissions=["send"])
    def send_again(self, request: HttpRequest, rows: QuerySet[Sending]) -> None:
        number = channels.send_again(rows, request.user)  # type: ignore[arg-type]
        self.message_user(request, f"To be sent again: {number}.", messages.SUCCESS)
