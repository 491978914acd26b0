"""jq's own test files, from the source distribution of the `jq` that is in the lock.

They are not part of this project: pip fetches them, checks them against the lock's hashes, and they
stay in the virtual environment.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_LOCKED = re.compile(r"^jq==(?P<version>\S+)(?: \\\n    --hash=\S+)+", re.MULTILINE)
_PATIENCE_SECONDS = 300


class NotFetched(Exception):
    """pip could not get them."""


def texts_of_tests() -> dict[str, str]:
    """The text of each test file by its name. Raises :class:`NotFetched`."""
    lock = (ROOT / "requirements.txt").read_text()
    locked = _LOCKED.search(lock)
    assert locked is not None
    folder = Path(sys.prefix) / "jq-sources" / locked["version"]
    if not folder.exists():
        folder.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as fetched:
            _fetch(locked.group(), Path(fetched))
            if not folder.exists():
                (Path(fetched) / "tests").rename(folder)
    return {path.name: path.read_text() for path in sorted(folder.glob("*.test"))}


def groups(text: str) -> Iterator[list[str]]:
    """The groups of a file: program, input, outputs; or `%%FAIL`, a program and its error."""
    group: list[str] = []
    for line in [*text.split("\n"), ""]:
        if line.startswith("#") or (not line.strip() and not group):
            continue
        if line.strip():
            group.append(line)
        else:
            yield group
            group = []


def _fetch(requirement: str, folder: Path) -> None:
    wanted = folder / "requirement.txt"
    wanted.write_text(requirement)
    fetched = subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--disable-pip-version-check",
            "--require-hashes",
            "--no-deps",
            "--no-binary",
            "jq",
            "--dest",
            str(folder),
            "--requirement",
            str(wanted),
        ],
        capture_output=True,
        text=True,
        timeout=_PATIENCE_SECONDS,
    )
    if fetched.returncode:
        raise NotFetched(fetched.stderr.strip()[-300:])
    (folder / "tests").mkdir()
    with tarfile.open(next(folder.glob("jq-*.tar.gz"))) as outer:
        inner = next(name for name in outer.getnames() if re.search(r"/deps/jq-.*\.tar\.gz$", name))
        with tarfile.open(fileobj=outer.extractfile(inner)) as sources:
            for member in sources.getmembers():
                path = Path(member.name)
                content = sources.extractfile(member) if member.isfile() else None
                if content is not None and path.suffix == ".test" and path.parent.name == "tests":
                    (folder / "tests" / path.name).write_bytes(content.read())
