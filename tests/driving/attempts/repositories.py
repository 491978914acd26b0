"""Repositories of git that tests make."""

from __future__ import annotations

import subprocess
from pathlib import Path


def shop(folder: Path) -> Path:
    """A repository at this place with one commit, “A price”."""
    folder.mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main", ".")
    (folder / "price.txt").write_text("100\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "A price")
    return folder


def git(folder: Path, *words: str) -> str:
    """The output of git, without the last line break; it has to succeed."""
    who = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    said = subprocess.run(
        ["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True
    )
    return said.stdout.strip()
