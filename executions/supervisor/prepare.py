"""The preparation of the database before anyone is served.

The web server's process does it, having all loaded.
"""

from __future__ import annotations

import importlib

from django.conf import settings
from django.core.management import call_command
from django.db import connections

from executions.supervisor import logins, preflight


def prepare() -> None:
    """Refuse a database newer than the code, bring an older one up to date, make log-ins and
    examples once.

    Without the demo there are neither: `stigmer administrator` makes the first account. Raises
    CannotStart.
    """
    try:
        preflight.check_migrations_known()
        call_command("migrate", interactive=False, verbosity=0)
        examples = importlib.import_module("executions.cli.examples")
        if not settings.STIGMER_DEMO:
            examples.take_model_away()
            return
        logins.make_once(settings.STIGMER_HOME)
        examples.apply_once()
        examples.apply_agents_once()
    finally:
        connections.close_all()
