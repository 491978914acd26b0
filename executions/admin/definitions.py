"""Writing a definition in the admin: applied as at every door, never saved past the checks.

A page of its own shows the text; what is sent is applied against the version that was opened, and
all problems stand beside the text with their lines.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from executions.admin.access import may_change
from executions.admin.changing import Changing, ResourceForm, save_described
from executions.admin.rendering import link_field
from executions.admin.searching import by_public_id
from executions.errors import Refused
from executions.intake.resources import Opened
from executions.language import DefinitionError
from executions.models import Agent, Skill, Workflow
from executions.models.resource import LONGEST_MESSAGE, Visibility

MOST_DIFF = 200


@dataclass(frozen=True, slots=True)
class Written:
    """The result of a text: the row, or why it was not taken."""

    row: Workflow | Agent | Skill | None = None
    result: str = ""
    refusal: str = ""
    is_stale: bool = False
    problems: Sequence[Any] = ()


class Writing(Changing):
    """The admin of something that has a definition.

    ``prefix`` begins its public ids, and ``visible`` gives the rows that a person may see.
    ``heading``, ``links`` and ``changed`` name what its page shows at the top, beside the
    definition, and at the end.
    """

    prefix = ""
    visible: Callable[[Any], QuerySet[Any]]
    heading: Sequence[str] = ("public_id", "slug", "name", "description")
    links: Sequence[str] = ("head_link", "edit_link", "versions_link")
    changed: Sequence[str] = ("created_at", "spec_updated_at", "spec_updated_by")
    # The address, by its name, of the page in the control room from which it is run.
    page = ""
    form = ResourceForm
    list_display: Any = (
        "slug",
        "name",
        "visibility",
        "owner",
        "head_version",
        "spec_updated_at",
    )
    list_filter: ClassVar[Any] = ("visibility",)
    search_fields: ClassVar[Any] = ("slug__startswith", "name__icontains")
    sortable_by = ("slug",)
    raw_id_fields = ("owner",)
    head_link = link_field("head_version", "newest version")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        fields = (*self.heading, *self.links, *self.changed)
        return [name for name in fields if name != "name"]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return [
            (None, {"fields": self.heading}),
            ("Whose it is", {"fields": ("visibility", "owner", "group")}),
            ("Definition", {"fields": self.links}),
            ("Labels", {"fields": ("labels", "tags", "annotations")}),
            ("Changed", {"fields": self.changed}),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        assert isinstance(request.user, User)
        return super().get_queryset(request) & self.visible(request.user)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        rows = by_public_id(queryset, search_term, {self.prefix: "pk"})
        if rows is not None:
            return rows, False
        return super().get_search_results(request, queryset, search_term)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        save_described(request, obj, form)

    @staticmethod
    def apply(
        text: str, actor: User, opened: Opened | None, visibility: str, message: str
    ) -> tuple[Any, str]:
        """The row, and what came of it. Raises DefinitionError, Refused."""
        raise NotImplementedError

    def has_add_permission(self, request: HttpRequest) -> bool:
        return may_change(request)

    def get_urls(self) -> list[Any]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_definition"
        view = self.admin_site.admin_view(self.definition_view)
        return [path("<path:object_id>/definition/", view, name=name), *super().get_urls()]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return self._write(request, None)

    def definition_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        return self._write(request, row)

    @admin.display(description="run it")
    def page_link(self, row: Any) -> SafeString:
        """To the page on which it is run."""
        address = reverse(self.page, args=[row.public_id])
        return format_html('<a href="{}">Its page in the control room</a>', address)

    @admin.display(description="change it")
    def edit_link(self, row: Any) -> SafeString:
        """To the page on which the definition is changed."""
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_definition"
        return format_html('<a href="{}">Change the definition</a>', reverse(name, args=[row.pk]))

    def _write(self, request: HttpRequest, row: Any) -> HttpResponse:
        if not may_change(request):
            raise PermissionDenied
        head = row.head_version if row is not None else None
        text, opened = (head.source if head else ""), (head.number if head else 0)
        visibility, written = Visibility.SHARED.value, Written()
        if request.method == "POST":
            text, opened = request.POST.get("text", ""), _number(request.POST.get("opened", ""))
            if request.POST.get("visibility") == Visibility.PRIVATE:
                visibility = Visibility.PRIVATE.value
            written = self._applied(request, text, row, opened, visibility)
            if written.row is not None:
                name = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
                sentence = f"{written.row.slug}: {written.result}."
                self.message_user(request, sentence, messages.SUCCESS)
                return redirect(name, written.row.pk)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "title": f"Definition of {row.slug}" if row else f"Add {self.opts.verbose_name}",
            "row": row,
            "text": text,
            "opened": opened,
            "visibility": visibility,
            "message": request.POST.get("message", ""),
            "longest_message": LONGEST_MESSAGE,
            "written": written,
            "changes": _changes(row, opened) if written.is_stale else [],
        }
        status = 412 if written.is_stale else 400 if written.refusal or written.problems else 200
        template = "admin/executions/definition.html"
        return TemplateResponse(request, template, context, status=status)

    def _applied(
        self, request: HttpRequest, text: str, row: Any, opened: int, visibility: str
    ) -> Written:
        assert isinstance(request.user, User)
        at = None if row is None else Opened(row.pk, opened)
        message = request.POST.get("message", "")
        try:
            applied, result = self.apply(text, request.user, at, visibility, message)
        except DefinitionError as error:
            return Written(problems=error.problems)
        except Refused as refused:
            return Written(refusal=refused.text, is_stale=refused.code == "stale")
        return Written(applied, result)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


def _changes(row: Any, opened: int) -> list[str]:
    """The differences of the newest version from the one that was opened."""
    before = row.versions.filter(number=opened).first()
    after = row.head_version
    if before is None or after is None:
        return []
    lines = difflib.unified_diff(
        before.source.splitlines(),
        after.source.splitlines(),
        f"version {before.number}",
        f"version {after.number}",
        lineterm="",
        n=2,
    )
    return list(lines)[:MOST_DIFF]
