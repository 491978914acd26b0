from django.apps import AppConfig


class ExecutionsConfig(AppConfig):
    name = "executions"
    verbose_name = "Stigmer"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from executions.health import exposure, system_checks  # noqa: F401  (they register themselves)
