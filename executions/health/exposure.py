"""Things that must not be so where others reach the server: `stigmer check` fails on each of these.

They are no system checks of every start, because a developer's own machine may have them.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

TAG = "stigmer"
LEAST_KEY_CHARACTERS, LEAST_KEY_VARIETY = 50, 5
OF_OTHERS, OF_ITS_GROUP = 0o007, 0o070
NEW_KEY = (
    "Leave STIGMER_SECRET_KEY out, so that a key is made in the data folder, or set at least "
    f"{LEAST_KEY_CHARACTERS} random characters."
)


@register(TAG, deploy=True)
def nothing_stands_open(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    return exposures()


def exposures() -> list[CheckMessage]:
    """Each with what to do about it."""
    return [*_keys(), *_files()]


def _keys() -> Iterator[CheckMessage]:
    for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        if len(key) < LEAST_KEY_CHARACTERS or len(set(key)) < LEAST_KEY_VARIETY:
            what = "A key of STIGMER_SECRET_KEY can be guessed: it is short or uniform."
            yield Error(what, hint=NEW_KEY, id="stigmer.E022")


def _files() -> Iterator[CheckMessage]:
    home: Path = settings.STIGMER_HOME
    if _is_open(home):
        yield _open(home, "The data folder", 700)
    for path in _private_files(home):
        if _is_open(path) and _is_reached(path):
            yield _open(path, "The file", 600)


def _private_files(home: Path) -> list[Path]:
    database = settings.DATABASES["default"]
    files = [home / "secret-key", home / "logins.json"]
    if str(database["ENGINE"]).endswith(".sqlite"):
        # SQLite's newest pages lie beside its file.
        files += [Path(f"{database['NAME']}{end}") for end in ("", "-wal", "-shm", "-journal")]
    return files


def _is_open(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & (OF_OTHERS | OF_ITS_GROUP))
    except OSError:
        return False


def _is_reached(path: Path) -> bool:
    """Inside a folder that others cannot enter nobody gets at it, whatever its own mode is."""
    return all(parent.stat().st_mode & (stat.S_IXOTH | stat.S_IXGRP) for parent in path.parents)


def _open(path: Path, what: str, mode: int) -> CheckMessage:
    hint = f"Run `chmod {mode} '{path}'`."
    who = "every user of this machine" if path.stat().st_mode & OF_OTHERS else "its group"
    message = f"{what} {path} is open to {who}."
    return Error(message, hint=hint, id="stigmer.E023")
