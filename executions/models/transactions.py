"""Transactions that run again where the database was in trouble, and COMMITs whose outcome is known.

``atomic`` finds out what became of a COMMIT that broke off, so that whatever leaves it as an error was not committed
and may simply run again. ``run_tx`` runs it again, with patience that has an end.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import wraps
from typing import ParamSpec, TypeVar

import structlog
from django.conf import settings
from django.db import DatabaseError, Error, OperationalError, connection, transaction

from executions.errors import Refused
from executions.models.passing import Trouble, trouble

P = ParamSpec("P")
T = TypeVar("T")
FIRST_PAUSE_SECONDS = 0.02
LONGEST_PAUSE_SECONDS = 1.0
log = structlog.get_logger(__name__)


class InDoubt(OperationalError):
    """The connection broke in COMMIT and the database did not come back to say whether it was carried out."""

    def __init__(self) -> None:
        super().__init__("The connection to the database broke in the middle of a COMMIT; it may have been carried out")


@dataclass(slots=True)
class Patience:
    """How often and how long it is tried again. ``for_ever``: only ``stop`` ends waiting for a database that is away
    or full; one that is busy is never waited for beyond the bounds, as the transaction itself may be what it cannot do.
    """

    tries: int = field(default_factory=lambda: settings.STIGMER_TRANSACTION_TRIES)
    seconds: float = field(default_factory=lambda: settings.STIGMER_TRANSACTION_SECONDS)
    for_ever: bool = False
    stop: threading.Event = field(default_factory=threading.Event)
    _tried: int = 0
    _began: float = field(default_factory=time.monotonic)

    def wait(self, found: Trouble) -> bool:
        """Whether to try again, after a pause with jitter: who collided must not collide again in step."""
        self._tried += 1
        is_bounded = found is Trouble.BUSY or not self.for_ever
        # What had no room a moment ago has none now.
        if is_bounded and (found is Trouble.FULL or self._tried >= self.tries or self.passed() > self.seconds):
            return False
        pause = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0 ** min(self._tried, 10))
        return not self.stop.wait(pause * random.uniform(0.5, 1.0))

    def passed(self) -> float:
        """Seconds since the first try began."""
        return time.monotonic() - self._began


_patience: ContextVar[Patience | None] = ContextVar("patience", default=None)


def run_tx(work: Callable[[], T], patience: Patience | None = None) -> T:
    """Run what is a transaction; again, within bounds, where nothing was committed for a reason that passes.

    Inside a transaction it just runs: only the whole can run again. Raises what the last try raised.
    """
    if connection.in_atomic_block:
        return work()
    patience = patience or Patience()
    reset = _patience.set(patience)
    try:
        while True:
            try:
                return work()
            except Error as problem:
                found = trouble(problem)
                if found is None or isinstance(problem, InDoubt):
                    raise
                if found is Trouble.AWAY:
                    # The next try begins with a new connection.
                    connection.close()
                if not patience.wait(found):
                    raise
                log.warning("transaction runs again", trouble=str(found), problem=str(problem).strip())
    finally:
        _patience.reset(reset)


def persistent(verb: Callable[P, T]) -> Callable[P, T]:
    """A person's verb by ``run_tx``. Raises Refused where others held what it needs for too long."""

    @wraps(verb)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return run_tx(lambda: verb(*args, **kwargs))
        except DatabaseError as problem:
            if trouble(problem) is not Trouble.BUSY or connection.in_atomic_block:
                raise
            raise Refused(
                "unavailable",
                "Something else is writing to it and did not finish in time, for example a step with the effect "
                "`transactional`; nothing was changed.",
                remedy="Try again in a few seconds.",
            ) from problem

    return run


@contextmanager
def atomic() -> Iterator[None]:
    """``transaction.atomic()`` of which it is known whether it was committed: what it raises was not.

    Raises :class:`InDoubt` where the database did not come back to be asked.
    """
    if connection.in_atomic_block or connection.vendor != "postgresql":
        # A COMMIT of SQLite is a call in this process: what it answers is so.
        with transaction.atomic():
            yield
        return
    number: str | None = None
    hooks: list[Callable[[], object]] = []
    try:
        with transaction.atomic():
            yield
            number = None if connection.needs_rollback else _number()
            hooks = [entry[1] for entry in connection.run_on_commit]
    except Error as problem:
        if number is None or trouble(problem) is not Trouble.AWAY or not _was_committed(number):
            raise
        log.warning("the connection broke in COMMIT, which was carried out", problem=str(problem).strip())
        for hook in hooks:
            _run(hook)


def _number() -> str | None:
    """PostgreSQL's number of this transaction; None where it wrote nothing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id_if_assigned()::text")
        number: str | None = cursor.fetchone()[0]
    return number


def _was_committed(number: str) -> bool:
    """What became of the transaction; asked for as long as the patience of ``run_tx`` lasts."""
    patience = _patience.get() or Patience()
    while True:
        found = Trouble.AWAY
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_xact_status(%s::xid8)", [number])
                status = cursor.fetchone()[0]
            if status != "in progress":
                return bool(status == "committed")
        except Error as problem:
            connection.close()
            if trouble(problem) is None:
                # A number that this server has not given yet: it was restored to a moment before.
                return False
        if not patience.wait(found):
            raise InDoubt


def _run(hook: Callable[[], object]) -> None:
    """What should follow the commit; it may be lost, so it must not undo what was done."""
    try:
        hook()
    except Exception:
        log.exception("a hook after the commit failed")
