"""Which address of this server a request asks for."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import Resolver404, resolve


def name_of(request: HttpRequest) -> str:
    """The name of the address, as the URL patterns have it; empty where there is none."""
    try:
        return resolve(request.path_info).url_name or ""
    except Resolver404:
        return ""
