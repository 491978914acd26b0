"""Forms of what administrators change beside a definition: names, owners, labels, instances."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest

from executions import clock
from executions.admin.access import Looking, may_change
from executions.errors import Refused
from executions.intake.slugs import slug_of
from executions.models import Agent, Skill, Workflow
from executions.models.fields import JsonField
from executions.models.resource import Visibility

if TYPE_CHECKING:
    _Form = forms.ModelForm[Any]
else:
    _Form = forms.ModelForm


class JsonFormField(forms.JSONField):
    """JSON in a text area; ``{}`` and ``[]`` are values, an empty text is not."""

    empty_values = [None, ""]  # noqa: RUF012  (as Django declares it)

    def __init__(self, **options: Any) -> None:
        options.pop("max_length", None)
        super().__init__(**{**options, "required": True})


class ResourceForm(_Form):
    """Of a workflow, an agent or a skill."""

    def clean(self) -> dict[str, Any]:
        """The slug is not in the form, so its constraints are asked here."""
        cleaned = super().clean() or {}
        kind = type(self.instance)
        others = kind._default_manager.filter(slug=self.instance.slug).exclude(pk=self.instance.pk)
        visibility = cleaned.get("visibility", self.instance.visibility)
        others = others.filter(visibility=visibility)
        if visibility == Visibility.PRIVATE:
            others = others.filter(owner=cleaned.get("owner", self.instance.owner_id))
        if others.exists():
            slug, kind_name = self.instance.slug, kind.__name__.lower()
            text = f"There is another {visibility} {kind_name} with the slug {slug}."
            raise ValidationError(
                f"{text} Slugs are unique among shared ones, and among one owner's private ones."
            )
        return cleaned


class InstanceForm(_Form):
    def clean_slug(self) -> str:
        slug = str(self.cleaned_data["slug"])
        try:
            valid_slug = slug_of(slug)
        except Refused as refusal:
            raise ValidationError(str(refusal)) from refusal
        if valid_slug != slug:
            raise ValidationError(
                f"A slug has lower-case letters, digits and single hyphens: {valid_slug}"
            )
        return slug


class Changing(Looking):
    """Read-only for support; administrators may change what is not history."""

    formfield_overrides = {  # noqa: RUF012
        JsonField: {"form_class": JsonFormField, "widget": forms.Textarea}
    }

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return may_change(request)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        if isinstance(db_field, JsonField):
            return JsonFormField(label=db_field.verbose_name.capitalize(), widget=forms.Textarea)
        return super().formfield_for_dbfield(db_field, request, **options)


def save_described(request: HttpRequest, row: Workflow | Agent | Skill, form: Any) -> None:
    """Store what was changed in the form, and who changed it."""
    assert isinstance(request.user, User)
    row.spec_updated_at, row.spec_updated_by = clock.now(), request.user
    row.save(update_fields=[*form.changed_data, "spec_updated_at", "spec_updated_by"])
