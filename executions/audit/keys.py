"""The keys that sign the audit trail, in a file of their own beside the data.

One key a line, its id and its secret; the last one signs, earlier ones verify what they signed. The
file is never in the database nor in a backup of it: whoever can only write to the database cannot
sign.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from django.conf import settings

from executions.errors import Refused
from stigmer_site.home import private_folder

PRIVATE = 0o600
SECRET_BYTES = 32


class KeyUnreadable(Refused):
    """The file with the keys of the audit trail cannot be used; what would be audited is
    refused.
    """


@dataclass(frozen=True, slots=True)
class Key:
    """``id`` is told in entries; it is made from the secret and says nothing of it."""

    id: str
    secret: bytes


class _Read(NamedTuple):
    path: Path
    stamp: tuple[int, int, int]
    keys: tuple[Key, ...]


_last: _Read | None = None


def signing() -> Key:
    """The key that signs now; the file is made where there is none. Raises KeyUnreadable."""
    keys = ring()
    if not keys:
        _make(settings.STIGMER_AUDIT_KEY_FILE)
        keys = ring()
    return keys[-1]


def by_id(id: str) -> Key | None:
    """The key of this id, None where it is not in the file. Raises KeyUnreadable."""
    return next((key for key in ring() if key.id == id), None)


def ring() -> tuple[Key, ...]:
    """All keys, the oldest first; none where there is no file. Raises KeyUnreadable."""
    global _last
    path: Path = settings.STIGMER_AUDIT_KEY_FILE
    try:
        seen = path.stat()
        stamp = (seen.st_mtime_ns, seen.st_size, seen.st_ino)
        if _last is None or (_last.path, _last.stamp) != (path, stamp):
            _last = _Read(path, stamp, _parsed(path, path.read_text()))
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as problem:
        raise _unreadable(path, str(problem)) from problem
    return _last.keys


def rotate() -> tuple[Key, Key]:
    """Add a key that signs from now on; the one before it and the new one. Raises KeyUnreadable."""
    before, path = signing(), settings.STIGMER_AUDIT_KEY_FILE
    added = _new()
    lines = [_line(key) for key in ring()]
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        _write(draft, "".join([*lines, _line(added)]))
        os.replace(draft, path)
    except OSError as problem:
        raise _unreadable(path, str(problem)) from problem
    finally:
        draft.unlink(missing_ok=True)
    return before, added


def _make(path: Path) -> None:
    """Make the file with a first key; of processes that race one makes it."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        private_folder(path.parent)
        _write(draft, _line(_new()))
        os.link(draft, path)
    except FileExistsError:
        pass
    except OSError as problem:
        raise _unreadable(path, str(problem)) from problem
    finally:
        draft.unlink(missing_ok=True)


def _write(draft: Path, text: str) -> None:
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, PRIVATE)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)


def _new() -> Key:
    return _key(secrets.token_hex(SECRET_BYTES))


def _key(secret: str) -> Key:
    raw = bytes.fromhex(secret)
    return Key(hashlib.sha256(b"stigmer audit key\n" + raw).hexdigest()[:16], raw)


def _line(key: Key) -> str:
    return f"{key.id} {key.secret.hex()}\n"


def _parsed(path: Path, text: str) -> tuple[Key, ...]:
    keys = []
    for number, line in enumerate(text.splitlines(), 1):
        id, _, secret = line.strip().partition(" ")
        try:
            key = _key(secret)
        except ValueError:
            key = None
        if key is None or len(key.secret) != SECRET_BYTES or key.id != id:
            raise _unreadable(path, f"line {number} is no key")
        keys.append(key)
    return tuple(keys)


def _unreadable(path: Path, why: str) -> KeyUnreadable:
    return KeyUnreadable(
        "unavailable",
        f"The key file of the audit trail, {path}, cannot be used: {why}.",
        remedy="Put the file back from where you keep it, or make it readable and writable for the"
        " server's user (STIGMER_AUDIT_FOLDER).",
    )
