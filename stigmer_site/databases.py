"""Django's DATABASES entry for a ``DATABASE_URL``: SQLite for one host, PostgreSQL for more."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

# A transaction that begins by reading and then writes fails at once under load, so each begins
# IMMEDIATE.
SQLITE_PRAGMAS = {
    "journal_mode": "WAL",
    "synchronous": "FULL",
    "busy_timeout": "10000",
    "foreign_keys": "ON",
}
SQLITE_LOCK_SECONDS = 10.0
POOL_SECONDS = 4
MOST_CONNECTIONS = "14"
ESCAPES = "in its parts write `#` as %23, `?` as %3F, `%` as %25, `/` as %2F, `@` as %40"
POSTGRES_LIMITS = {
    "statement_timeout": "10s",
    "lock_timeout": "2s",
    "idle_in_transaction_session_timeout": "15s",
}


def from_url(url: str | None, home: Path) -> dict[str, Any]:
    """The database that ``url`` names; ``home/stigmer.sqlite3`` where there is none.

    Raises ImproperlyConfigured for an address that is neither.
    """
    if not url:
        return sqlite(home / "stigmer.sqlite3")
    parts = _taken_apart(url)
    if parts.scheme == "sqlite":
        if parts.query or parts.fragment or parts.netloc:
            raise ImproperlyConfigured(
                "DATABASE_URL for SQLite is sqlite:// and an absolute path"
                f" (sqlite:////srv/stigmer.sqlite3); {ESCAPES}."
            )
        return sqlite(Path("/", unquote(parts.path).lstrip("/")))
    if parts.scheme in ("postgres", "postgresql"):
        return postgres(url)
    raise ImproperlyConfigured(
        f"DATABASE_URL begins with {parts.scheme!r}. Use postgresql://user:password@host:5432/name"
        " or sqlite:////absolute/path.sqlite3, or leave it out for SQLite in STIGMER_HOME."
    )


def _taken_apart(url: str) -> SplitResult:
    """The parts of an address.

    Raises ImproperlyConfigured, without the password, where it has none.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise ImproperlyConfigured(
            f"DATABASE_URL cannot be read as an address; {ESCAPES}."
        ) from error
    if parts.fragment and parts.scheme in ("postgres", "postgresql"):
        raise ImproperlyConfigured(f"DATABASE_URL holds a `#`; {ESCAPES}.")
    return parts


def sqlite(path: Path) -> dict[str, Any]:
    """An SQLite file with write-ahead log; every transaction takes the write lock when it
    begins.
    """
    return {
        "ENGINE": "stigmer_site.sqlite",
        "NAME": str(path),
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "lock_seconds": SQLITE_LOCK_SECONDS,
            "init_command": ";".join(
                f"PRAGMA {name}={value}" for name, value in SQLITE_PRAGMAS.items()
            ),
        },
    }


def postgres(url: str) -> dict[str, Any]:
    """A PostgreSQL database through psycopg's pool.

    The address may be followed by a query: options of libpq, ``connections`` (the most that one
    process opens, two at least: a worker keeps one to write the journal), and ``prepared=off`` for
    poolers that share a connection between transactions and do not stand prepared statements.
    Raises ImproperlyConfigured.
    """
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    connections, prepared = query.pop("connections", MOST_CONNECTIONS), query.pop("prepared", "on")
    if not (connections.isascii() and connections.isdigit() and 1 < int(connections) < 1000):
        raise ImproperlyConfigured("`connections` in DATABASE_URL is a number from 2 to 999.")
    if prepared not in ("on", "off"):
        raise ImproperlyConfigured("`prepared` in DATABASE_URL is `on` or `off`.")
    limits = " ".join(f"-c {name}={value}" for name, value in POSTGRES_LIMITS.items())
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", unquote(parts.hostname or "")),
        "PORT": str(parts.port or ""),
        # A connection that broke while it lay in the pool is replaced before anybody meets it.
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            # Left alone, the pool waits longer and longer for a server that was away: minutes after
            # an outage of one. A request that waits for it longer than it tries would wait in vain
            # until the end of its own patience.
            "pool": {
                "min_size": 1,
                "max_size": int(connections),
                "timeout": POOL_SECONDS,
                "reconnect_timeout": POOL_SECONDS,
            },
            "prepare_threshold": 5 if prepared == "on" else None,
            **query,
            "options": f"{limits} {query.get('options', '')}".strip(),
        },
    }
