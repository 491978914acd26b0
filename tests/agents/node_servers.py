"""MCP servers that are written for Node, as npm gives them: pinned with their digests in
``node/package-lock.json``, installed once into a folder that git does not see.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

LOCK = Path(__file__).parent / "node" / "package-lock.json"
FOLDER = Path(__file__).resolve().parents[2] / "build"
SECONDS = 300


def programs() -> Path:
    """The folder of the servers. Skips the test where there is no Node."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("Node and npm are not installed")
    folder = FOLDER / f"node-servers-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]}"
    if not folder.exists():
        _install(npm, folder)
    return folder / "node_modules" / "@modelcontextprotocol"


def _install(npm: str, folder: Path) -> None:
    """Beside its place, and moved there when it is whole: several test runs may do so at once."""
    FOLDER.mkdir(exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix="node-servers-part-", dir=FOLDER))
    try:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(LOCK.with_name(name), part)
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(command, cwd=part, check=True, capture_output=True, timeout=SECONDS)
        if not folder.exists():
            part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
