"""Transactions that run again where the database was in trouble, and COMMITs whose outcome is
known.

``atomic`` finds out what became of a COMMIT that broke off, so that whatever leaves it as an error
was not committed and may simply run again. ``run_tx`` runs it again: for whoever waits for an
answer with patience that has an end, for whoever holds a result that must not be lost until the
database takes it.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import wraps
from typing import ParamSpec, TypeVar

import structlog
from django.db import DatabaseError, Error, OperationalError, connection, transaction

from executions.errors import Refused
from executions.models.lock_wait import lock_wait, usual_lock_seconds
from executions.models.outside import answering
from executions.models.passing import Trouble, trouble
from executions.models.spell import Spell
from executions.vendor import vendor

P = ParamSpec("P")
T = TypeVar("T")
FIRST_PAUSE_SECONDS = 0.02
LONGEST_PAUSE_SECONDS = 1.0
# A statement that ran into its own time limit so often does not fit into it.
SLOW_TRIES = 3
# How often, and for how long, it is tried for a person or a program that waits.
TRIES = 5
TRIES_SECONDS = 5.0
log = structlog.get_logger(__name__)


class InDoubt(OperationalError):
    """The connection broke in COMMIT and the database did not come back to say whether it was
    carried out.
    """

    def __init__(self) -> None:
        super().__init__(
            "The connection to the database broke in the middle of a COMMIT; it may have been"
            " carried out"
        )


@dataclass(slots=True)
class Patience:
    """How often and how long it is tried again.

    ``for_ever``: a database that is busy, away or full is waited for until ``stop`` is set. A
    statement that ran into its own time limit is not: it is tried ``slow_tries`` times, as it may
    never fit into it.
    """

    tries: int = field(default_factory=lambda: TRIES)
    seconds: float = field(default_factory=lambda: TRIES_SECONDS)
    for_ever: bool = False
    slow_tries: int = SLOW_TRIES
    stop: threading.Event = field(default_factory=threading.Event)
    _tried: int = 0
    _slow: int = 0
    _began: float = field(default_factory=time.monotonic)

    def wait(self, kind_of_trouble: Trouble) -> bool:
        """Whether to try again, after a pause with jitter: who collided must not collide again in
        step.
        """
        self._tried += 1
        self._slow += kind_of_trouble is Trouble.SLOW
        if not self._has_any(kind_of_trouble):
            return False
        return not self.stop.wait(pause_after(self._tried))

    def _has_any(self, kind_of_trouble: Trouble) -> bool:
        if self.for_ever:
            return kind_of_trouble is not Trouble.SLOW or self._slow < self.slow_tries
        # A full disk has no more room now than a moment ago, and a statement that took too long has
        # used up the caller's time.
        if kind_of_trouble in (Trouble.FULL, Trouble.SLOW):
            return False
        return self._tried < self.tries and self.passed() <= self.seconds

    def passed(self) -> float:
        """Seconds since the first try began."""
        return time.monotonic() - self._began


def pause_after(tries: int) -> float:
    """Seconds to wait after so many tries in vain: longer and longer, at most a second, with
    jitter.
    """
    pause = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0 ** min(tries, 10))
    return pause * random.uniform(0.5, 1.0)


_patience: ContextVar[Patience | None] = ContextVar("patience", default=None)


def run_tx(work: Callable[[], T], patience: Patience | None = None) -> T:
    """Run what is a transaction; again, as long as ``patience`` lasts, where nothing was committed
    for a reason that passes.

    Inside a transaction it just runs: only the whole can run again. It also begins anew where it
    met a question that is asked ``outside`` of transactions. Raises what the last try raised.
    """
    if connection.in_atomic_block:
        return work()
    return answering(lambda: _tried(work, patience))


def _tried(work: Callable[[], T], patience: Patience | None) -> T:
    patience = patience or Patience()
    spell = Spell("the database")
    while True:
        try:
            with _no_longer_than(patience):
                result = try_tx(work, patience)
        except Error as problem:
            kind_of_trouble = trouble(problem)
            if kind_of_trouble is None or isinstance(problem, InDoubt):
                raise
            if not patience.wait(kind_of_trouble):
                raise
            spell.met(
                problem,
                "transaction runs again until the database takes it",
                trouble=str(kind_of_trouble),
            )
        else:
            spell.over("the transaction went through")
            return result


def _no_longer_than(patience: Patience) -> AbstractContextManager[None]:
    """SQLite's one lock is waited for as long as the patience lasts, where that is less than usual.

    PostgreSQL's limit is short enough for several tries.
    """
    if patience.for_ever or vendor() != "sqlite":
        return nullcontext()
    return lock_wait(min(patience.seconds, usual_lock_seconds()))


def try_tx(work: Callable[[], T], patience: Patience) -> T:
    """Run what is a transaction once.

    ``patience`` is how long the database is asked what became of a COMMIT that broke off. Raises
    what the try raised; whoever tries again begins with a new connection where this one is lost.
    """
    reset = _patience.set(patience)
    try:
        return work()
    except Error as problem:
        if trouble(problem) is Trouble.AWAY:
            connection.close()
        raise
    finally:
        _patience.reset(reset)


def persistent(verb: Callable[P, T]) -> Callable[P, T]:
    """A person's verb by ``run_tx``. Raises Refused where others held what it needs for too
    long.
    """

    @wraps(verb)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return run_tx(lambda: verb(*args, **kwargs))
        except DatabaseError as problem:
            if trouble(problem) is not Trouble.BUSY or connection.in_atomic_block:
                raise
            raise Refused(
                "unavailable",
                "The database is busy: another session holds a lock on what this needs and did not"
                " let go of it in time: a migration, a VACUUM, a shell, or a step with the effect"
                " `transactional`. Nothing was changed.",
                remedy=(
                    "Try again in a few seconds; /readyz says whether the whole database is locked."
                ),
            ) from problem

    return run


@contextmanager
def atomic() -> Iterator[None]:
    """``transaction.atomic()`` of which it is known whether it was committed: what it raises was
    not.

    Raises :class:`InDoubt` where the database did not come back to be asked.
    """
    if connection.in_atomic_block or vendor() != "postgresql":
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
        log.warning(
            "the connection broke in COMMIT, which was carried out", problem=str(problem).strip()
        )
        for hook in hooks:
            _run(hook)


def _number() -> str | None:
    """PostgreSQL's number of this transaction; None where it wrote nothing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id_if_assigned()::text")
        number: str | None = cursor.fetchone()[0]
    return number


def _was_committed(number: str) -> bool:
    """Whether it was committed; asked for as long as the patience of ``run_tx`` lasts."""
    patience = _patience.get() or Patience()
    while True:
        kind_of_trouble = Trouble.AWAY
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
        if not patience.wait(kind_of_trouble):
            raise InDoubt


def _run(hook: Callable[[], object]) -> None:
    """Runs what should follow the commit; it may be lost, so it must not undo what was done."""
    try:
        hook()
    except Exception:
        log.exception("a hook after the commit failed")
