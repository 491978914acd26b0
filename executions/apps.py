from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ExecutionsConfig(AppConfig):
    name = "executions"
    verbose_name = "Stigmer"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from executions.accounts import (  # noqa: F401  (they register themselves)
            confirming,
            duties,
            leaving,
            sessions,
        )
        from executions.audit import guards

        # They register themselves.
        from executions.health import exposure, system_checks  # noqa: F401

        post_migrate.connect(guards.install, sender=self)
