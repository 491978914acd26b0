"""Schedules: made, changed, paused, resumed and triggered by administrators as by everybody else;
and what became of their times.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from executions.admin.access import Declaring, Looking, may_change
from executions.admin.rendering import json_field, link
from executions.errors import Refused
from executions.models import Occurrence, Schedule
from executions.pointers import path_of
from executions.schedules import changing
from executions.schedules.changing import Wanted

if TYPE_CHECKING:
    _ModelForm = forms.ModelForm[Schedule]
else:
    _ModelForm = forms.ModelForm

CHANGED = ("name", "workflow", "agent", "input", "cron", "every", "time_zone")
RULES = ("missed", "overlap", "group")
FOUND = ("state", "reason", "next_due_at", "streak", "created_at", "changed_at")


class ScheduleForm(_ModelForm):
    """The fields of a schedule, checked by the room that starts it."""

    input = forms.JSONField(
        required=False,
        help_text='JSON; empty: the workflow\'s default. Of an agent: "the message".',
    )

    class Meta:
        model = Schedule
        fields = ("owner", *CHANGED, *RULES)

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        owner = cleaned.get("owner") if self.instance._state.adding else self.instance.owner
        if self.errors or not isinstance(owner, User):
            return cleaned
        try:
            changing.check(self.wanted(), owner, self.actor)
        except Refused as refused:
            self._tell(refused)
        return cleaned

    @property
    def actor(self) -> User:
        user: User = self.request.user  # type: ignore[attr-defined]  # set by the page
        return user

    def wanted(self) -> Wanted:
        """The schedule that the form asks for."""
        cleaned = self.cleaned_data
        return Wanted(
            name=cleaned["name"],
            workflow=cleaned["workflow"].public_id if cleaned["workflow"] else "",
            agent=cleaned["agent"].public_id if cleaned["agent"] else "",
            input=cleaned["input"],
            cron=cleaned["cron"],
            every=cleaned["every"],
            time_zone=cleaned["time_zone"],
            missed=cleaned["missed"],
            overlap=cleaned["overlap"],
            group=cleaned["group"].name if cleaned["group"] else "",
        )

    def _tell(self, refused: Refused) -> None:
        for each in refused.findings:
            name = str((path_of(each.pointer) or [""])[0])
            sentence = each.message[:1].upper() + each.message[1:]
            self.add_error(name if name in self.fields else None, ValidationError(sentence))
        if not refused.findings:
            self.add_error(None, refused.text)

    def _get_validation_exclusions(self) -> set[str]:
        """The room checks what hangs together; the table's own constraints speak of columns."""
        exclusions: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return exclusions | {"owner", "workflow", "agent", "cron", "every"}


@admin.register(Schedule)
class ScheduleAdmin(Declaring):
    form = ScheduleForm
    list_display = ("name", "starts", "owner", "rule", "state", "next_due_at", "streak", "reason")
    list_select_related = ("owner", "workflow", "agent")
    list_filter = ("state",)
    search_fields = ("name__startswith",)
    autocomplete_fields = ("workflow", "agent")
    sortable_by = ("name",)
    actions = ("pause", "resume", "trigger")

    input_json = json_field("input")

    @admin.display(description="starts")
    def starts(self, row: Schedule) -> SafeString | str:
        return link(row.subject, row.subject.slug)

    @admin.display(description="rule")
    def rule(self, row: Schedule) -> str:
        return f"{row.cron} {row.time_zone}" if row.cron else f"every {row.every}"

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        changed: tuple[str, ...] = CHANGED
        if not may_change(request):
            changed = tuple("input_json" if name == "input" else name for name in CHANGED)
        fieldsets = [(None, {"fields": ("owner", *changed)}), ("Rules", {"fields": RULES})]
        return [*fieldsets, ("As it stands", {"fields": FOUND})] if obj is not None else fieldsets

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        if not may_change(request):
            return super().get_readonly_fields(request, obj)
        return ("owner", *FOUND) if obj is not None else ()

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, *args, **kwargs)
        form.request = request
        return form

    def save_model(self, request: HttpRequest, obj: Schedule, form: Any, change: bool) -> None:
        assert isinstance(request.user, User)
        if change:
            schedule = changing.change(obj, request.user, asdict(form.wanted()))
        else:
            schedule = changing.create(request.user, form.wanted(), owner=obj.owner)
        obj.pk, obj._state.adding = schedule.pk, False
        obj.refresh_from_db()

    def delete_model(self, request: HttpRequest, obj: Schedule) -> None:
        assert isinstance(request.user, User)
        changing.delete(obj, request.user)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Schedule]) -> None:
        for row in queryset:
            self.delete_model(request, row)

    def has_act_permission(self, request: HttpRequest) -> bool:
        return may_change(request)

    @admin.action(description="Pause the chosen schedules", permissions=["act"])
    def pause(self, request: HttpRequest, rows: QuerySet[Schedule]) -> None:
        self._each(request, rows, changing.disable, "is paused")

    @admin.action(description="Resume the chosen schedules", permissions=["act"])
    def resume(self, request: HttpRequest, rows: QuerySet[Schedule]) -> None:
        self._each(request, rows, changing.resume, "goes on")

    @admin.action(description="Start a run of the chosen schedules now", permissions=["act"])
    def trigger(self, request: HttpRequest, rows: QuerySet[Schedule]) -> None:
        self._each(request, rows, changing.trigger, "started a run")

    def _each(
        self,
        request: HttpRequest,
        rows: QuerySet[Schedule],
        do: Callable[[Schedule, User], object],
        done: str,
    ) -> None:
        assert isinstance(request.user, User)
        for row in rows.select_related("owner"):
            try:
                do(row, request.user)
            except Refused as refused:
                self.message_user(request, f"{row.name}: {refused.text}", messages.ERROR)
            else:
                self.message_user(request, f"{row.name} {done}.", messages.SUCCESS)


@admin.register(Occurrence)
class OccurrenceAdmin(Looking):
    list_display = ("name", "due_at", "outcome", "execution_link", "by", "said")
    list_select_related = ("execution", "by")
    list_filter = ("outcome",)
    search_fields = ("name__startswith",)
    ordering = ("-id",)
    sortable_by = ()
    fields = ("name", "due_at", "missed_from", "outcome", "said", "execution_link", "by")

    @admin.display(description="execution")
    def execution_link(self, row: Occurrence) -> SafeString | str:
        return link(row.execution, row.execution.public_id) if row.execution else "–"
