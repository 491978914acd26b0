"""The log-in that ``stigmer login`` keeps between commands: an address and a token, readable by
their owner alone.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from executions.cli.exits import CommandError


@dataclass(frozen=True, slots=True)
class Kept:
    """The server that was logged in to. ``token_id`` is the token's public id, where it is
    known.
    """

    server: str
    token: str
    user: str = ""
    token_id: str = ""


def path() -> Path:
    """``stigmer/config.json`` in XDG_CONFIG_HOME, else in ``~/.config`` (XDG base directory
    specification).
    """
    folder = os.environ.get("XDG_CONFIG_HOME")
    return (Path(folder) if folder else Path.home() / ".config") / "stigmer" / "config.json"


def load() -> Kept | None:
    """None where nobody logged in. Raises CommandError for a file that cannot be read."""
    file = path()
    try:
        fields = json.loads(file.read_text())
        if not all(isinstance(value, str) for value in fields.values()):
            raise TypeError
        return Kept(**fields)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, AttributeError) as error:
        # The words of these errors may quote the file, and with it the token.
        cause = (
            error.strerror
            if isinstance(error, OSError)
            else "it is not what `stigmer login` writes"
        )
        raise CommandError(
            f"{file} cannot be read ({cause}).", remedy="Remove it and run `stigmer login`."
        ) from None


def save(kept: Kept) -> Path:
    """Write it anew, mode 0600. Raises CommandError where the folder cannot be written."""
    file = path()
    draft = file.with_suffix(f".{os.getpid()}.new")
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
            json.dump(asdict(kept), stream, indent=2)
        os.replace(draft, file)
    except OSError as error:
        raise CommandError(
            f"{file} cannot be written ({error.strerror}).",
            remedy="Make it writable, or pass the token by STIGMER_TOKEN instead.",
        ) from error
    return file


def forget() -> None:
    path().unlink(missing_ok=True)
