"""Objectives of workflows: set and taken away by administrators as by everybody else who may."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from executions.admin.access import Declaring, may_change
from executions.admin.rendering import link
from executions.errors import Refused
from executions.models import Objective
from executions.objectives import setting
from executions.objectives.setting import Wanted

if TYPE_CHECKING:
    _ModelForm = forms.ModelForm[Objective]
else:
    _ModelForm = forms.ModelForm

TARGETS = ("success_percent", "within_seconds", "within_percent")


class ObjectiveForm(_ModelForm):
    """The targets, checked by the room that keeps them."""

    class Meta:
        model = Objective
        fields = ("workflow", *TARGETS)

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        try:
            setting.checked(self.wanted())
        except Refused as refused:
            for each in refused.findings:
                self.add_error(each.pointer.strip("/"), ValidationError(each.message))
        return cleaned

    def wanted(self) -> Wanted:
        """The objective that the form asks for."""
        return Wanted(*(self.cleaned_data[name] for name in TARGETS))

    def _get_validation_exclusions(self) -> set[str]:
        """The room completes what is left out; the table's own constraints speak of columns."""
        exclusions: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return exclusions | {*TARGETS}


@admin.register(Objective)
class ObjectiveAdmin(Declaring):
    form = ObjectiveForm
    list_display = ("of", *TARGETS, "set_by", "set_at")
    list_select_related = ("workflow", "set_by")
    search_fields = ("workflow__slug__startswith",)
    autocomplete_fields = ("workflow",)
    ordering = ("workflow__slug",)
    sortable_by = ()

    @admin.display(description="workflow")
    def of(self, row: Objective) -> SafeString | str:
        return link(row.workflow, row.workflow.slug)

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        fields = ("workflow", *TARGETS)
        return ((None, {"fields": fields if obj is None else (*fields, "set_by", "set_at")}),)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        if not may_change(request):
            return super().get_readonly_fields(request, obj)
        return () if obj is None else ("workflow", "set_by", "set_at")

    def save_model(self, request: HttpRequest, obj: Objective, form: Any, change: bool) -> None:
        assert isinstance(request.user, User)
        setting.set_objective(obj.workflow, request.user, form.wanted())
        obj._state.adding = False
        obj.refresh_from_db()

    def delete_model(self, request: HttpRequest, obj: Objective) -> None:
        assert isinstance(request.user, User)
        setting.remove(obj.workflow, request.user)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Objective]) -> None:
        for row in queryset.select_related("workflow"):
            self.delete_model(request, row)
