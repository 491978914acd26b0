"""Backups of a PostgreSQL database, by PostgreSQL's own pg_dump and pg_restore.

A restore unpacks the archive into a new database, proves it, and then gives it the old one's name
in one transaction: what connects finds the one or the other, never a half.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from django.conf import settings
from psycopg import sql

from executions.backups import contents
from executions.backups.contents import Contents
from executions.backups.errors import BackupError
from executions.backups.postgres_tools import run_tool
from executions.backups.settling import settle_sql
from executions.backups.target import conninfo

NAME_BYTES = 63
SHOWN_PROCESSES = 3
MAINTENANCE = ("postgres", "template1")
# The properties that a new database has to have in common with the old one, by the provider of its
# locale.
_LOCALES = {"i": "icu", "b": "builtin"}


def back_up(draft: Path) -> Contents:
    """Dump the database as it is at one moment into ``draft``; what is inside is of that moment."""
    with connected() as connection:
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        inside = _contents(connection)
        snapshot = _one(connection, "SELECT pg_export_snapshot()")
        options = ["--format=custom", "--no-password", f"--snapshot={snapshot}", f"--file={draft}"]
        run_tool("pg_dump", [*options, f"--dbname={conninfo()}"], _version(connection))
    run_tool("pg_restore", ["--list", str(draft)])
    return inside


def restore(file: Path, stamp: str, agree: Callable[[str, Contents], None]) -> tuple[Contents, str]:
    """Put a backup in the database's place; what is inside, and the old one's new name if any."""
    name = str(psycopg.conninfo.conninfo_to_dict(conninfo())["dbname"])
    staged, aside = _beside(name, f"_restoring_{stamp}"), _beside(name, f"_before_{stamp}")
    with maintenance(name) as server:
        there = _properties(server, name)
        if there is not None:
            _refuse_while_connected(server, name)
            _refuse_while_alive(name)
        _create(server, staged, there or {})
        try:
            inside = _unpack(file, staged)
            agree(name, inside)
            _swap(server, name, staged, aside, is_there=there is not None)
        except BaseException:
            drop = sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(staged))
            server.execute(drop)
            raise
    return inside, aside if there is not None else ""


@contextmanager
def connected(database: str = "", *, autocommit: bool = True) -> Iterator[psycopg.Connection]:
    """A connection without the limits of Stigmer's own. Raises BackupError in driver's words."""
    parts = {"dbname": database} if database else {}
    try:
        with psycopg.connect(
            conninfo(with_password=True, **parts), autocommit=autocommit, connect_timeout=10
        ) as connection:
            yield connection
    except psycopg.Error as error:
        raise BackupError(f"PostgreSQL refused: {_line(error)}.") from error


@contextmanager
def maintenance(renamed: str) -> Iterator[psycopg.Connection]:
    """A connection to another database of the same server: none is renamed from inside."""
    for name in [each for each in MAINTENANCE if each != renamed]:
        try:
            address = conninfo(with_password=True, dbname=name)
            server = psycopg.connect(address, autocommit=True, connect_timeout=10)
        except psycopg.OperationalError as error:
            problem = error
            continue
        break
    else:
        raise BackupError(f"PostgreSQL cannot be reached: {_line(problem)}.") from problem
    with server:
        try:
            yield server
        except psycopg.Error as error:
            raise BackupError(f"PostgreSQL refused: {_line(error)}.") from error


def _contents(connection: psycopg.Connection) -> Contents:
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = ANY (current_schemas(false))"
    names = {str(row[0]) for row in connection.execute(tables)}
    return contents.read(lambda query: connection.execute(query).fetchall(), names)


def _unpack(file: Path, staged: str) -> Contents:
    options = ["--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges"]
    target = conninfo(dbname=staged)
    run_tool("pg_restore", [*options, "--no-password", f"--dbname={target}", str(file)])
    with connected(staged, autocommit=False) as connection:
        inside = _contents(connection)
        for statement in settle_sql(now="now()"):
            connection.execute(statement)
    return inside


def _refuse_while_connected(server: psycopg.Connection, name: str) -> None:
    query = (
        "SELECT count(*),"
        " string_agg(DISTINCT coalesce(nullif(application_name, ''), 'unnamed'), ', ')"
        " FROM pg_stat_activity WHERE datname = %s"
        # The kind of others' sessions is shown to some roles only.
        " AND coalesce(backend_type, 'client backend') = 'client backend'"
    )
    row = server.execute(query, [name]).fetchone()
    if row and row[0]:
        raise BackupError(
            f"The database {name} is open: {row[0]} connections ({row[1]}). Stop everything that "
            "uses it (Stigmer's processes, shells, other tools), then restore."
        )


def _refuse_while_alive(name: str) -> None:
    """Also those that lost their connection a moment ago, and will be back."""
    silence = settings.STIGMER_PROCESS_SILENCE_SECONDS
    query = (
        "SELECT kind, pid, host FROM executions_process WHERE dead_at IS NULL"
        " AND heartbeat_at > now() - make_interval(secs => %s) ORDER BY started_at"
    )
    with connected(name) as connection:
        try:
            rows = connection.execute(query, [silence]).fetchall()
        except psycopg.errors.UndefinedTable:
            return
    if rows:
        named = ", ".join(f"{kind} {pid}@{host}" for kind, pid, host in rows[:SHOWN_PROCESSES])
        raise BackupError(
            f"Stigmer runs on this database: {named}. Stop all of it, on every host; a process that"
            f" was killed counts for {silence:g} s more."
        )


def _properties(server: psycopg.Connection, name: str) -> dict[str, str] | None:
    """The row of pg_database, whatever columns this version has; None where there is none."""
    query = (
        "SELECT to_jsonb(d) || jsonb_build_object('encoding', pg_encoding_to_char(d.encoding))"
        " FROM pg_database d WHERE datname = %s"
    )
    row = server.execute(query, [name]).fetchone()
    return dict(row[0]) if row else None


def _create(server: psycopg.Connection, name: str, like: dict[str, str]) -> None:
    """A new empty database with the encoding and the locale of the old one."""
    options = []
    if like:
        icu = like.get("datlocale") or like.get("daticulocale")
        provider = _LOCALES.get(str(like.get("datlocprovider")))
        named = {
            "ENCODING": like["encoding"],
            "LC_COLLATE": like["datcollate"],
            "LC_CTYPE": like["datctype"],
        }
        if provider and icu:
            named |= {"LOCALE_PROVIDER": provider, f"{provider}_LOCALE".upper(): icu}
        options = [sql.SQL(f" {option} ") + sql.Literal(value) for option, value in named.items()]
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name))
    try:
        server.execute(statement + sql.Composed(options))
    except psycopg.errors.InsufficientPrivilege as error:
        raise BackupError(
            "The backup is unpacked into a new database, and this role may not make one. As an "
            f"administrator of PostgreSQL: ALTER ROLE {server.info.user} CREATEDB, then restore."
        ) from error


def _swap(
    server: psycopg.Connection, name: str, staged: str, aside: str, *, is_there: bool
) -> None:
    rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
    moves = [(staged, name)]
    if is_there:
        _refuse_while_connected(server, name)
        moves.insert(0, (name, aside))
    with server.transaction():
        for old, new in moves:
            server.execute(rename.format(sql.Identifier(old), sql.Identifier(new)))


def _beside(name: str, suffix: str) -> str:
    """A name that PostgreSQL does not cut short."""
    return name.encode()[: NAME_BYTES - len(suffix)].decode(errors="ignore") + suffix


def _version(connection: psycopg.Connection) -> int:
    return connection.info.server_version // 10000


def _one(connection: psycopg.Connection, query: str) -> object:
    row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def _line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0].rstrip(".") if lines else type(error).__name__
