"""The live control room, as Django knows it."""

from django.apps import AppConfig


class DashboardConfig(AppConfig):
    name = "dashboard"
    verbose_name = "Control room"

    def ready(self) -> None:
        from dashboard.accounts import telling  # noqa: F401  (it registers itself)
