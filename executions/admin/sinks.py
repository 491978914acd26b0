"""The channels of events and notices: administrators declare them, and have sent again what was
given up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest

from executions.admin.access import Declaring, Looking, may_change
from executions.admin.rendering import json_field
from executions.journal.events import known
from executions.models import Channel, Sending
from executions.outbound import channels
from executions.outbound.kinds.table import KINDS
from executions.outbound.lifecycle import PREFIX

if TYPE_CHECKING:
    _ModelForm = forms.ModelForm[Channel]
else:
    _ModelForm = forms.ModelForm


SHOWN = ("kind", "name", "address")
RULES = ("types", "rhythm", "secret", "with_output")


def _words(name: str) -> str:
    event = known(name)
    return event.words.title if event else name.removeprefix(PREFIX)


class ChannelForm(_ModelForm):
    """Types as boxes to tick: none is all."""

    kind = forms.ChoiceField(choices=[(kind.name, kind.label) for kind in KINDS.values()])
    types = forms.MultipleChoiceField(
        choices=[
            (name, _words(name)) for kind in KINDS.values() for name in channels.types_of(kind)
        ],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="None ticked: all of its kind.",
    )

    class Meta:
        model = Channel
        fields = (*SHOWN, *RULES, "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """The address that is there is not shown: it may be a key."""
        super().__init__(*args, **kwargs)
        if self.instance.where and "address" in self.fields:
            self.initial["address"] = ""
            self.fields["address"].help_text = f"Empty: it stays {self.instance.where}"

    def clean_address(self) -> str:
        return self.cleaned_data["address"] or self.instance.address

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        names = set(cleaned) & {*SHOWN, *RULES}
        channel = Channel(owner=self.instance.owner, **{name: cleaned[name] for name in names})
        for name, problem in channels.problems(channel).items() if names >= {*SHOWN} else ():
            self.add_error(name if name in self.fields else None, problem)
        return cleaned


class KindFilter(admin.SimpleListFilter):
    title, parameter_name = "kind", "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(kind.name, kind.label) for kind in KINDS.values()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(Channel)
class ChannelAdmin(Declaring):
    form = ChannelForm
    list_display = (
        "name",
        "kind",
        "owner",
        "where",
        "is_active",
        "waiting",
        "given_up",
        "sent_at",
        "problem",
    )
    list_select_related = ("owner",)
    list_filter = ("is_active", KindFilter)
    search_fields = ("name__startswith",)
    sortable_by = ("name",)

    @admin.display(description="Address")
    def where(self, row: Channel) -> str:
        return row.where

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        address = "address" if may_change(request) else "where"
        return (
            (None, {"fields": ("kind", "name", "is_active")}),
            ("Where and what", {"fields": (address, *RULES)}),
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).counting()  # type: ignore[attr-defined,no-any-return]

    def save_model(self, request: HttpRequest, obj: Channel, form: Any, change: bool) -> None:
        """A channel that is turned on hears what happens from now on; another address is tried at
        once.
        """
        if change and obj.is_active and "is_active" in form.changed_data:
            obj.hears_from = Now()
        if change and {"is_active", "address"} & set(form.changed_data):
            obj.failures, obj.rests_until, obj.problem = 0, None, ""
        super().save_model(request, obj, form, change)


class StateFilter(admin.SimpleListFilter):
    title, parameter_name = "state", "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(each, each) for each in ("waiting", "given up", "sent")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.in_state(self.value() or "")  # type: ignore[attr-defined,no-any-return]


@admin.register(Sending)
class SendingAdmin(Looking):
    list_display = ("channel", "type", "created_at", "tries", "sent_at", "dead_at", "problem")
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
        number = channels.send_these_again(rows, request.user)  # type: ignore[arg-type]
        self.message_user(request, f"To be sent again: {number}.", messages.SUCCESS)
