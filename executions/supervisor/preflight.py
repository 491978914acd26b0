"""The conditions that have to hold before anything is started. Each failure is one line that says
what to do.
"""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from executions.errors import StigmerError
from stigmer_site.home import private_folder

IN_USE = "in-use.lock"
PORT_PATIENCE_SECONDS = 3.0  # a server that was killed a moment ago may still be closing


class CannotStart(StigmerError):
    """Stigmer cannot start; the message is one line for the person who started it."""


@contextmanager
def owned_home(home: Path) -> Iterator[None]:
    """Make the data folder, prove that it can be written, and hold it against a second
    supervisor.
    """
    try:
        private_folder(home)
        with tempfile.TemporaryFile(dir=home):
            pass
        lock = os.open(home / "supervisor.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise CannotStart(
            f"The data folder {home} cannot be written ({error.strerror}). "
            "Make it writable, or choose another with STIGMER_HOME."
        ) from error
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CannotStart(
                f"Another Stigmer is running on the data folder {home} (process {_owner(lock)}). "
                "Stop it, or choose another folder with STIGMER_HOME."
            ) from error
        os.truncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(lock)


def use_home(home: Path) -> None:
    """Let a process that serves or drives be seen by ``unused_home`` until it ends.

    Raises CannotStart while a backup is being restored.
    """
    try:
        lock = os.open(home / IN_USE, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:
        # Without a folder that can be written there is none to be restored into either.
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(lock)
        message = f"A backup is being restored in {home}. Start when that is done."
        raise CannotStart(message) from error


@contextmanager
def unused_home(home: Path) -> Iterator[None]:
    """Hold the data folder against a supervisor, and a worker or web server without one."""
    with owned_home(home):
        lock = os.open(home / IN_USE, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise CannotStart(
                    f"A worker or a web server of Stigmer uses the data folder {home}. Stop it"
                    " first."
                ) from error
            yield
        finally:
            os.close(lock)


def _owner(lock: int) -> str:
    return os.pread(lock, 20, 0).decode(errors="replace") or "unknown"


def check_port(host: str, port: int, setting: str) -> None:
    """Raise CannotStart unless ``host:port`` can be listened on; ``setting`` names the variable
    that changes it.
    """
    give_up_at = time.monotonic() + PORT_PATIENCE_SECONDS
    while (problem := _port_problem(host, port)) is not None:
        if problem.errno != errno.EADDRINUSE:
            raise CannotStart(
                f"Cannot listen on {host}:{port} ({problem.strerror}). Choose another with"
                f" {setting}."
            )
        if time.monotonic() > give_up_at:
            raise CannotStart(
                f"Port {port} on {host} is in use. Stop what listens there or choose another with"
                f" {setting}."
            )
        time.sleep(0.1)


def _port_problem(host: str, port: int) -> OSError | None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except (OSError, OverflowError) as error:
        return error if isinstance(error, OSError) else OSError(errno.EINVAL, str(error))
    return None


def check_migrations_known() -> None:
    """Raise CannotStart where the database has migrations of ours that this code does not know."""
    from django.db import DatabaseError, connection
    from django.db.migrations.recorder import MigrationRecorder

    from stigmer_site.sqlite import damage

    try:
        applied = set(MigrationRecorder(connection).applied_migrations())
    except DatabaseError as error:
        if damage.is_damage(error.__cause__):
            raise CannotStart(damage.sentence(str(error), damage.REMEDY)) from error
        first_line = str(error).strip().splitlines()[0]
        raise CannotStart(f"The database does not answer: {first_line}") from error
    if unknown := unknown_migrations(applied):
        raise CannotStart(
            f"The database is newer than this code (it has {', '.join(unknown[:3])}). "
            "Upgrade Stigmer, or use a database of this version."
        )


def unknown_migrations(applied: Iterable[tuple[str, str]]) -> list[str]:
    """Which of these migrations of ours and of our libraries this code does not have."""
    from django.apps import apps

    migrations, labels = known_migrations(), {config.label for config in apps.get_app_configs()}
    return sorted(f"{app}.{name}" for app, name in set(applied) - migrations if app in labels)


def known_migrations() -> set[tuple[str, str]]:
    """All migrations of this code, with those that one of them replaces."""
    from django.db.migrations.loader import MigrationLoader

    migrations = MigrationLoader(None, ignore_no_migrations=True).disk_migrations
    replaced = {old for migration in migrations.values() for old in migration.replaces}
    return set(migrations) | replaced
