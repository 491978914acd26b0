"""The rights in the admin: who may see what, and that nobody edits history."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.db.models import Field, ManyToManyField, Model, QuerySet, URLField
from django.forms import CheckboxSelectMultiple
from django.http import HttpRequest

from executions import policy, sight
from executions.admin.large import BoundedPaginator
from executions.models import Execution
from executions.models.fields import JsonField

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin


def may_look(request: HttpRequest) -> bool:
    """Administrators and support; that they are staff is asked by the admin site itself."""
    return policy.sees_everything(request.user)


def may_change(request: HttpRequest) -> bool:
    return policy.is_admin(request.user)


class Looking(_ModelAdmin):
    """Read-only for administrators and support.

    A list loads no large column of its rows and of what it joins.
    """

    show_full_result_count = False
    paginator = BoundedPaginator
    list_per_page = 50
    list_max_show_all = 200
    empty_value_display = "–"
    list_select_related: ClassVar[list[str] | tuple[str, ...]] = ()

    class Media:
        css: ClassVar = {"all": ("css/admin.css",)}

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may_look(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return may_look(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        return (
            rows.defer(*large_columns(self.model, self.list_select_related))
            if is_list(request)
            else rows
        )

    def get_object(self, *args: Any, **kwargs: Any) -> Any:
        """The record; where it is of a run, as much of it is shown as its reader may see."""
        record = super().get_object(*args, **kwargs)
        request = args[0] if args else kwargs["request"]
        run = run_of(record)
        if run is not None:
            sight.look(request.user, run)
        return record

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Methods beside model fields are shown only where they are named here."""
        fields = [name for _, part in self.get_fieldsets(request, obj) for name in part["fields"]]
        return self.readonly_fields or fields


def run_of(record: Any) -> Execution | None:
    """The run that a record belongs to; None for one of no run."""
    if record is None or isinstance(record, Execution):
        return record
    for name in ("execution", "step", "run", "event"):
        if isinstance(related := getattr(record, name, None), Model):
            return run_of(related)
    return None


def is_list(request: HttpRequest) -> bool:
    match = request.resolver_match
    return match is not None and (match.url_name or "").endswith("_changelist")


def large_columns(model: type[Model], roads: Sequence[str]) -> list[str]:
    """The columns that may be large, which no list shows: of ``model`` and of every record along
    ``roads``.
    """
    columns = [field.name for field in model._meta.concrete_fields if _is_large(field)]
    for road in roads:
        name, _, rest = road.partition("__")
        related = model._meta.get_field(name).related_model
        assert isinstance(related, type)
        columns += [
            f"{name}__{column}" for column in large_columns(related, [rest] if rest else [])
        ]
    return list(dict.fromkeys(columns))


def _is_large(field: Field[Any, Any]) -> bool:
    return isinstance(field, JsonField) or field.name in ("source", "log")


class Declaring(Looking):
    """Of what administrators declare; support may look."""

    # Django's widget of two lists, and that which searches, have parts without a label. Django 6
    # takes an address without a scheme as https; until then that has to be said.
    formfield_overrides: ClassVar[Any] = {
        ManyToManyField: {"widget": CheckboxSelectMultiple},
        URLField: {"assume_scheme": "https"},
    }

    def has_add_permission(self, request: HttpRequest) -> bool:
        return may_change(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return may_change(request)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return may_change(request)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return () if may_change(request) else super().get_readonly_fields(request, obj)
