"""The settings as they are now, to look at: what is secret is said to be set, never shown."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import path

from executions.admin.access import may_change

_SECRET = re.compile(r"KEY|SECRET|PASSWORD|TOKEN|_URL$")
_NO_SECRETS = frozenset({"STIGMER_AUDIT_KEY_FILE", "STIGMER_SECRETS_FILE"})
# Beside our own: those of Django's that say how safe the doors are.
OTHERS = (
    "ALLOWED_HOSTS",
    "DEBUG",
    "SESSION_COOKIE_AGE",
    "SESSION_COOKIE_SECURE",
    "SECURE_HSTS_SECONDS",
    "TIME_ZONE",
)


def shown() -> list[tuple[str, str]]:
    """Names and values, in the order of the alphabet."""
    names = [name for name in dir(settings) if name.startswith("STIGMER_")]
    return [(name, _text(name, getattr(settings, name))) for name in sorted([*names, *OTHERS])]


def _text(name: str, value: Any) -> str:
    if _SECRET.search(name) and name not in _NO_SECRETS:
        return "set" if value else "not set"
    return str(value) if value not in (None, "", [], {}) else "–"


def page(request: HttpRequest) -> TemplateResponse:
    if not may_change(request):
        raise PermissionDenied
    context = {**admin.site.each_context(request), "title": "Settings", "rows": shown()}
    return TemplateResponse(request, "admin/executions/settings.html", context)


def _with_ours() -> Any:
    theirs = admin.site.get_urls

    def urls() -> list[Any]:
        return [path("settings/", admin.site.admin_view(page), name="settings"), *theirs()]

    return urls


admin.site.get_urls = _with_ours()  # type: ignore[method-assign]
