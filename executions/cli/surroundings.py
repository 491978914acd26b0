"""Settings for a subcommand: a bad one is a line that names it, not a traceback."""

from __future__ import annotations

import os
import sys
from types import TracebackType


def use_settings(*, applications: bool = True, quiet: bool = False) -> None:
    """Load the settings, and the applications if asked for. Raises CannotStart for settings that cannot be used.

    ``quiet`` logs errors only, where nothing else is said: what the command prints is for a person.
    """
    import django
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from environs import EnvError

    from executions.supervisor.preflight import CannotStart

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


def _log_the_end(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What ends a process is one record of its log."""
    from executions import logs

    if issubclass(kind, KeyboardInterrupt):
        return
    logs.get("stigmer").critical("ended by an error", exc_info=(kind, error, trace))
