"""The language of pages: that which their reader chose, else the first of the browser's that we
speak.

The API, MCP, the hooks, the probes and the metrics answer in English: their words are a contract.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation.trans_real import parse_accept_lang_header

from executions.models import PersonalSettings
from executions.models.personal_settings import BROWSER

ENGLISH = "en"
FOR_PROGRAMS = ("/api", "/hooks/", "/mcp", "/metrics", "/healthz", "/readyz", "/schema/")
Answer = Callable[[HttpRequest], HttpResponseBase]


def of_the_reader(get_response: Answer) -> Answer:
    """Middleware: what answers this request speaks the language of its reader."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.path.startswith(FOR_PROGRAMS):
            return get_response(request)
        language = _chosen(request) or of_the_browser(request.headers.get("Accept-Language", ""))
        with translation.override(language):
            response = get_response(request)
        response.headers.setdefault("Content-Language", language)
        patch_vary_headers(response, ["Accept-Language"])
        return response

    return middleware


def _chosen(request: HttpRequest) -> str:
    """The language that this person chose; empty where none, or nobody is logged in."""
    if not request.user.is_authenticated:
        return ""
    row = PersonalSettings.objects.of(request.user)
    # The page that follows reads them as ``user.personal_settings``, without another query.
    row.user = request.user
    return "" if row.language == BROWSER else row.language


def of_the_browser(header: str) -> str:
    """The first language of ``Accept-Language`` that pages are written in; English where none."""
    for name, _ in parse_accept_lang_header(header.lower()):
        try:
            return translation.get_supported_language_variant(name)
        except (LookupError, ValueError):
            continue
    return ENGLISH
