"""The data folder (``STIGMER_HOME``): what is private in it, and where its Redis listens."""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
from pathlib import Path
from urllib.parse import quote

SOCKET_PATH_LIMIT = (
    103  # bytes; sun_path holds 104 on macOS and 108 on Linux, the closing NUL included
)


def private_folder(path: Path) -> Path:
    """Make ``path`` if it is missing, readable by its owner only.

    Raises OSError where that is impossible.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def kept_secret(path: Path) -> str:
    """The secret stored at ``path``; made on first use, mode 0600, and the same for processes that
    race to make it.
    """
    if not path.exists():
        private_folder(path.parent)
        draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        draft.touch(mode=0o600)
        try:
            draft.write_text(secrets.token_urlsafe(48))
            os.link(
                draft, path
            )  # fails where another process was first, so that nobody reads half a secret
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()


def redis_socket(home: Path) -> Path:
    """The embedded Redis' socket: in ``home``, or in a short private folder named after it where
    that is too long.
    """
    inside = home / "redis" / "redis.sock"
    if len(os.fsencode(inside)) <= SOCKET_PATH_LIMIT:
        return inside
    name = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"stigmer-{os.getuid()}-{name}" / "redis.sock"


def redis_address(home: Path) -> str:
    """The embedded Redis as an address: in one, `#`, `?` and `%` of a path mean something else."""
    return f"unix://{quote(os.fsencode(redis_socket(home)))}"
