"""``stigmer logins``."""

from __future__ import annotations

from django.conf import settings
from rich.console import Console

from executions.errors import StigmerError
from executions.supervisor import logins
from executions.supervisor.welcome import logins_table


def show(*, renew: bool) -> None:
    """Print the demo log-ins; with ``renew`` their passwords are new.

    Raises StigmerError where there are none.
    """
    people = logins.renew(settings.STIGMER_HOME) if renew else logins.stored(settings.STIGMER_HOME)
    if not people:
        raise StigmerError(
            f"No log-ins were made in {settings.STIGMER_HOME} yet: `stigmer up` makes them once."
        )
    Console().print(logins_table(people))
