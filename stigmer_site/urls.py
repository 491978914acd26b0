"""Addresses: health, Django's admin, RQ's own pages (superusers only) and the dashboard."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.decorators import user_passes_test
from django.urls import URLPattern, include, path
from django_rq.urls import get_admin_urlpatterns

from executions import health

superuser_only = user_passes_test(lambda user: user.is_active and user.is_superuser)

# RQ's pages can empty queues and show arguments; django-rq itself would let any staff member in, and its
# statistics address checks a token instead of a session, so that one is left out.
rq_pages: list[URLPattern] = get_admin_urlpatterns(view_wrapper=superuser_only)

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("admin/", admin.site.urls),
    path("django-rq/", include((rq_pages, "django_rq"))),
    path("", include("dashboard.urls")),
]
