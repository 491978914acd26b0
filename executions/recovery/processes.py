"""Declares processes dead that were silent too long, or whose pid is gone on this host."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Q
from django.db.models.functions import Now

from executions.driving.crashes import REBOOTED, SILENT
from executions.models import Process, in_line
from executions.models.passing import Trouble, trouble
from executions.models.transactions import atomic
from executions.models.unheard import is_gone
from executions.worker_identity import exit_of, here

__all__ = ["Watch", "declare_the_dead", "is_gone"]
WATCHED_BEATS = 1.5
log = structlog.get_logger(__name__)


class Watch:
    """Whose heartbeat stands still, as one process sees it by its own monotonic clock.

    After an outage of the database, or a jump of its clock, every heartbeat looks old. A sweeper
    that looked on all the time knows better: only a process that had the chance to beat, and did
    not, is silent. Time in which this process had to wait for the database itself was no chance for
    anybody, and a row that others have locked was none for its process.
    """

    def __init__(self) -> None:
        self._seen: dict[uuid.UUID, tuple[datetime, float]] = {}

    def forget(self) -> None:
        """The database was in trouble: whoever did not beat meanwhile could not."""
        self._seen.clear()

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """The work inside may wait for the database: as long as it takes counts against nobody."""
        began = time.monotonic()
        try:
            yield
        finally:
            waited = time.monotonic() - began
            self._seen = {pk: (beat, since + waited) for pk, (beat, since) in self._seen.items()}

    def declare_the_silent(self, living: list[Process], old: set[uuid.UUID]) -> list[Process]:
        """Declare dead whom the database calls silent and who did not beat before these eyes
        either; those declared. They are among the ``living``, and among the ``old``.

        It waits for no lock of others: where one is held, heartbeats may have waited for it in
        vain.
        """
        still = self._standing_still(living)
        if still.isdisjoint(old):
            return []
        with ExitStack() as transaction:
            with self.waiting():
                # SQLite takes its one lock here.
                transaction.enter_context(atomic())
            if not _table_is_free():
                self.forget()
                return []
            locked = still - _not_locked(still)
            now = time.monotonic()
            self._seen |= {pk: (self._seen[pk][0], now) for pk in locked}
            patience = _patience()
            watched = [pk for pk in still - locked if now - self._seen[pk][1] >= patience]
            silent = Process.objects.silent().filter(pk__in=watched)
            return [
                process for process in silent if process.declare_dead(SILENT, only_if_silent=True)
            ]

    def _standing_still(self, living: list[Process]) -> set[uuid.UUID]:
        """Whose heartbeat is the one that was seen at the last look."""
        now = time.monotonic()
        beats = {process.pk: process.heartbeat_at for process in living}
        still = {
            pk: self._seen[pk]
            for pk, beat in beats.items()
            if self._seen.get(pk, (None,))[0] == beat
        }
        self._seen = {pk: (beat, now) for pk, beat in beats.items()} | still
        return set(still)


def _patience() -> float:
    return WATCHED_BEATS * settings.STIGMER_HEARTBEAT_SECONDS


def _living() -> tuple[list[Process], set[uuid.UUID]]:
    """Everybody who is not declared dead; and of them those whose heartbeat is so old that a lock
    may matter by now. A younger one gets all the patience still.
    """
    young = timedelta(seconds=settings.STIGMER_PROCESS_SILENCE_SECONDS - _patience())
    is_old = Q(heartbeat_at__lte=Now() - young)
    rows: Any = Process.objects.filter(dead_at=None).defer("sandbox").annotate(is_old=is_old)
    return list(rows), {process.pk for process in rows if process.is_old}


def _table_is_free() -> bool:
    """Whether nobody keeps all heartbeats from being written; the caller holds a transaction, which
    is lost else.
    """
    if connection.vendor == "sqlite":
        return True
    try:
        with atomic(), connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {Process._meta.db_table} IN ROW EXCLUSIVE MODE NOWAIT")
    except DatabaseError as problem:
        if trouble(problem) is not Trouble.BUSY:
            raise
        return False
    return True


def _not_locked(ids: set[uuid.UUID]) -> set[uuid.UUID]:
    """Of these rows those that nobody else has locked.

    They are locked then until the transaction ends.
    """
    rows = Process.objects.filter(pk__in=ids)
    if connection.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(skip_locked=True)
    return set(rows.values_list("pk", flat=True))


def declare_the_dead(watch: Watch) -> list[Process]:
    """Declare dead what is dead; each process is declared by one caller only.

    Those that this call declared.
    """
    living, old = _living()
    declared = [
        process
        for process in living
        if process.host == here().host
        and is_gone(process)
        and process.declare_dead(_death_of(process))
    ]
    # Silent though its pid may be there: stopped or stuck.
    others = [process for process in living if process not in declared]
    declared += watch.declare_the_silent(others, old)
    for process in declared:
        log.warning("process declared dead", pid=process.pid, host=process.host, why=process.death)
    if declared:
        in_line.wake_all()
    return declared


def _death_of(process: Process) -> str:
    if process.boot_id != here().boot_id:
        return REBOOTED
    return exit_of(settings.STIGMER_HOME, process.pid) or "its process is gone"
