"""Addresses: health, Django's admin, RQ's own pages (superusers only), the REST API and the
dashboard.
"""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from dashboard.views.session import log_in_to_the_admin
from executions import health
from stigmer_site.rq_pages import pages

handler500 = "dashboard.views.failure.failure"
rq_pages = pages()

# One log-in for all, which asks for the second factor.
admin.site.login = log_in_to_the_admin  # type: ignore[assignment,method-assign]

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("admin/", admin.site.urls),
    path("django-rq/", include((rq_pages, "django_rq"))),
    path("", include("executions.api.urls")),
    path("", include("dashboard.accounts.urls")),
    path("", include("dashboard.urls")),
]
