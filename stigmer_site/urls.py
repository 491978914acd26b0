"""Addresses: health, Django's admin, RQ's own pages (superusers only), the REST API and the
dashboard.
"""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.decorators import user_passes_test
from django.urls import URLPattern, include, path
from django_rq.urls import get_admin_urlpatterns, get_api_urlpatterns

from executions import health

handler500 = "dashboard.views.failure.failure"
superuser_only = user_passes_test(lambda user: user.is_active and user.is_superuser)

# RQ's pages can empty queues and show arguments: django-rq would let any staff member in, and its
# statistics would let in whoever has a token.
rq_pages: list[URLPattern] = [*get_api_urlpatterns(), *get_admin_urlpatterns()]
for page in rq_pages:
    page.callback = superuser_only(page.callback)

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("admin/", admin.site.urls),
    path("django-rq/", include((rq_pages, "django_rq"))),
    path("", include("executions.api.urls")),
    path("", include("dashboard.urls")),
]
