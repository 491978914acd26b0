"""Settings for a subcommand: a bad one is a line that names it, not a traceback."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path
from types import TracebackType

PRIVATE = 0o077


def use_settings(*, applications: bool = True, quiet: bool = False, writes: bool = True) -> None:
    """Load the settings, and the applications if asked for. Raises CannotStart for bad settings.

    ``quiet`` logs errors only, where nothing else is said: what the command prints is for a person.
    Without ``writes`` nothing is made in the data folder, nor the folder itself. Files that this
    process and its children write from now on are for its owner alone.
    """
    import django
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from environs import EnvError

    from executions.supervisor.preflight import CannotStart

    os.umask(PRIVATE)
    if not writes:
        _need_no_secret_key()
    if quiet:
        os.environ.setdefault("STIGMER_LOG_LEVEL", "ERROR")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "stigmer_site.settings")
    try:
        if applications:
            django.setup()
        else:
            _ = settings.STIGMER_HOME
        sys.excepthook = _log_the_end
    except (EnvError, ImproperlyConfigured) as error:
        raise CannotStart(f"{' '.join(str(error).split())} See docs/configuration.md.") from error
    except OSError as error:
        raise CannotStart(
            f"The data folder cannot be written ({error.filename}: {error.strerror}). "
            "Make it writable, or choose another with STIGMER_HOME."
        ) from error


def only_read() -> None:
    """Change nothing: where an SQLite file is missing, looking makes none. Before the first
    query.
    """
    from django.conf import settings

    database = settings.DATABASES["default"]
    if str(database["ENGINE"]).endswith(".sqlite"):
        database["OPTIONS"]["reads_only"] = True


def _need_no_secret_key() -> None:
    """One for this process alone, where none was made yet."""
    home = Path(os.environ.get("STIGMER_HOME") or "var")
    if not os.environ.get("STIGMER_SECRET_KEY") and not (home / "secret-key").exists():
        os.environ["STIGMER_SECRET_KEY"] = secrets.token_urlsafe(48)


def _log_the_end(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """An error that ends a process is one record of its log."""
    from executions import logs

    if issubclass(kind, KeyboardInterrupt):
        return
    logs.get("stigmer").critical("ended by an error", exc_info=(kind, error, trace))
