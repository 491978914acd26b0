"""RQ's own pages as this site shows them: to superusers, to look at, and with words where RQ's page
would break because there is nothing to show.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import user_passes_test
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern
from django.views.decorators.http import require_safe
from django_rq.queues import get_queue_by_index
from django_rq.settings import get_queues_list
from django_rq.urls import get_admin_urlpatterns, get_api_urlpatterns
from rq.worker import Worker

from dashboard.views.failure import refused
from executions.api.problems import Problem

Page = Callable[..., HttpResponseBase]
NO_QUEUE = "RQ has no queue with this number."
NO_WORKER = "RQ knows no worker with this key."
NO_SCHEDULER = "RQ schedules nothing here: Stigmer keeps its own schedules."
BACK = "Look at the list of queues, /django-rq/."
superuser_only = user_passes_test(lambda user: user.is_active and user.is_superuser)


def pages() -> list[URLPattern]:
    """The addresses of RQ's pages.

    They show arguments: django-rq would let any staff member in, and its statistics would let in
    whoever has a token. They could empty queues and delete jobs, which are doorbells alone: who
    deletes one to stop a run would be told that it is gone, while it goes on. So they only show.
    """
    patterns: list[URLPattern] = [*get_api_urlpatterns(), *get_admin_urlpatterns()]
    for page in patterns:
        page.callback = superuser_only(require_safe(in_words(page.callback)))
    return patterns


def in_words(page: Page) -> Page:
    """The page; where it is about what is not there, 404 and a sentence."""

    @wraps(page)
    def shown(request: HttpRequest, **parts: Any) -> HttpResponseBase:
        missing = _missing(parts)
        if missing:
            return refused(request, Problem("not-found", missing, remedy=BACK))
        try:
            return page(request, **parts)
        except ImproperlyConfigured:
            # Its page of schedulers is that of a package that is not installed.
            if "scheduler_index" not in parts:
                raise
            return refused(request, Problem("not-found", NO_SCHEDULER, remedy=BACK))

    return shown


def _missing(parts: dict[str, Any]) -> str:
    """The thing that an address names and that is not there, as a sentence; empty where all is
    there.
    """
    index = parts.get("queue_index", parts.get("scheduler_index", 0))
    if index >= len(get_queues_list()):
        return NO_QUEUE
    if "key" not in parts:
        return ""
    key, connection = parts["key"], get_queue_by_index(index).connection
    is_one = key.startswith(Worker.redis_worker_namespace_prefix) and connection.exists(key)
    return "" if is_one else NO_WORKER
