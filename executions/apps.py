from django.apps import AppConfig


class ExecutionsConfig(AppConfig):
    name = "executions"
    verbose_name = "Stigmer"
    default_auto_field = "django.db.models.BigAutoField"
