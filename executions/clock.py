"""The database's time, as this process knows it: what is due is due by one clock, however wrong a
host's own may be.

It is asked for now and then (a worker does so with each heartbeat) and goes on by the monotonic
clock in between, so that a step asks nothing more of the database. A host's own clock may jump by a
day and no timer notices.
"""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import datetime, timedelta

from django.db import Error, connection
from django.utils import timezone

from executions.vendor import vendor

STALE_SECONDS = 10.0
# The database's time, and what the monotonic clock showed when its answer was there.
_known: tuple[datetime, float] | None = None


def now() -> datetime:
    """Now by the database's clock: never ahead of it, and behind by the time that its last answer
    took.
    """
    if vendor() == "sqlite":
        # Its clock is the host's.
        return timezone.now()
    if _known is None:
        return read()
    # A thread that drives holds no connection, and none is opened only to ask for the time.
    if time.monotonic() - _known[1] > STALE_SECONDS and _may_ask():
        with suppress(Error):
            read()
    moment, measured = _known
    return moment + timedelta(seconds=time.monotonic() - measured)


def read() -> datetime:
    """Ask the database. Raises django.db.Error where it does not answer."""
    global _known
    if vendor() == "sqlite":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    _known = moment, time.monotonic()
    return moment


def _may_ask() -> bool:
    return connection.connection is not None and not connection.needs_rollback
