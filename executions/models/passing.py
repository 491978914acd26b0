"""Which errors of the database pass by themselves: one place for who runs again, who waits and who
answers 503.
"""

from __future__ import annotations

import sqlite3
from enum import StrEnum

from django.db import Error, InterfaceError, OperationalError

from executions.errors import Refused
from executions.said import Said


class Trouble(StrEnum):
    """The trouble of a database that will do its work again later.

    BUSY: another transaction was in the way; refused before its COMMIT, so nothing was written.
    SLOW: a statement ran into its own time limit; nothing was written, and it may be too much at
    any time. AWAY: there is no connection, or it broke; whether a COMMIT that was under way stands
    is not known. FULL: there is no room for what was to be written; nothing was written.
    """

    BUSY = "busy"
    SLOW = "slow"
    AWAY = "away"
    FULL = "full"


# SQLSTATE, or its first two characters for a whole class.
_SQLSTATES = {
    "40001": Trouble.BUSY,  # serialization failure
    "40P01": Trouble.BUSY,  # deadlock
    "55P03": Trouble.BUSY,  # lock_timeout
    "57014": Trouble.SLOW,  # statement_timeout
    "08": Trouble.AWAY,  # connection exceptions
    "25006": Trouble.AWAY,  # only a standby answers
    "25P03": Trouble.AWAY,  # idle_in_transaction_session_timeout ended the session
    "53300": Trouble.AWAY,  # too many connections
    "57P": Trouble.AWAY,  # it shuts down, has crashed, or starts
    "53": Trouble.FULL,  # disk or memory
}
_SQLITE_CODES = {
    sqlite3.SQLITE_BUSY: Trouble.BUSY,
    sqlite3.SQLITE_LOCKED: Trouble.BUSY,
    sqlite3.SQLITE_CANTOPEN: Trouble.AWAY,
    sqlite3.SQLITE_IOERR: Trouble.AWAY,
    sqlite3.SQLITE_READONLY: Trouble.AWAY,
    sqlite3.SQLITE_FULL: Trouble.FULL,
    sqlite3.SQLITE_NOMEM: Trouble.FULL,
}
_PRIMARY_CODE = 0xFF


def trouble(error: BaseException | None) -> Trouble | None:
    """The passing trouble of the database that an error stands for; None where it is another error,
    and would come again.

    Django's errors are judged by the driver's error from which they were raised.
    """
    if not isinstance(error, Error):
        return None
    cause = error.__cause__
    sqlstate = getattr(cause, "sqlstate", None)
    if sqlstate is not None:
        return next(
            (_SQLSTATES[sqlstate[:n]] for n in (5, 3, 2) if sqlstate[:n] in _SQLSTATES), None
        )
    code = getattr(cause, "sqlite_errorcode", None)
    if code is not None:
        return _SQLITE_CODES.get(code & _PRIMARY_CODE)
    if isinstance(cause, sqlite3.Error):
        return None
    # Without a word of the server: it could not be reached, or the connection ended in the middle.
    return Trouble.AWAY if isinstance(error, OperationalError | InterfaceError) else None


def was_idle(error: BaseException) -> bool:
    """Whether PostgreSQL ended the session as its transaction did nothing for longer than it
    may.
    """
    return getattr(error.__cause__, "sqlstate", None) == "25P03"


def unavailable(kind_of_trouble: Trouble) -> Refused:
    """The message to callers while the database was in this trouble."""
    message, remedy = _WORDS[kind_of_trouble]
    return Refused("unavailable", message, remedy=remedy)


_WORDS = {
    Trouble.BUSY: (
        Said(
            "The database is busy: another session holds a lock on what this needs, for example a"
            " migration, a VACUUM or a shell with an open transaction. Nothing was changed."
        ),
        Said(
            "Try again when it has ended; /readyz and `stigmer doctor` say so. Runs wait for it"
            " and lose nothing."
        ),
    ),
    Trouble.SLOW: (
        Said(
            "The database took longer for this than it may (`statement_timeout`). Nothing was"
            " changed."
        ),
        Said("Ask for less, or try again when the database has less to do."),
    ),
    Trouble.AWAY: (
        Said(
            "The database cannot be reached, or ended the connection. It is not known whether"
            " anything was changed."
        ),
        Said(
            "Look before doing it again (with an Idempotency-Key it can be sent again); /readyz and"
            " `stigmer doctor` say when it is back. Each run goes on by itself then."
        ),
    ),
    Trouble.FULL: (
        Said("The database has no room for more. Nothing was changed."),
        Said("Make room on its disk; what runs goes on by itself then."),
    ),
}
