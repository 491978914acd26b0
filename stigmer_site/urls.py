"""Addresses: health, Django's admin, RQ's own pages (superusers only), the REST API and the
dashboard.
"""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.decorators import user_passes_test
from django.urls import URLPattern, include, path
from django.views.decorators.http import require_safe
from django_rq.urls import get_admin_urlpatterns, get_api_urlpatterns

from dashboard.views.session import log_in_to_the_admin
from executions import health

handler500 = "dashboard.views.failure.failure"
superuser_only = user_passes_test(lambda user: user.is_active and user.is_superuser)

# RQ's pages show arguments: django-rq would let any staff member in, and its statistics would let
# in whoever has a token. They could empty queues and delete jobs, which are doorbells alone: who
# deletes one to stop a run would be told that it is gone, while it goes on. So they only show.
rq_pages: list[URLPattern] = [*get_api_urlpatterns(), *get_admin_urlpatterns()]
for page in rq_pages:
    page.callback = superuser_only(require_safe(page.callback))

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
