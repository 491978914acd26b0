"""pg_dump and pg_restore: found, run without a shell, and their errors in a sentence."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from executions.backups.errors import BackupError
from executions.backups.target import password

DEBIAN = Path("/usr/lib/postgresql")


def run_tool(name: str, arguments: list[str], server_version: int | None = None) -> None:
    """Run one of PostgreSQL's tools to its end. Raises BackupError with what it said.

    ``server_version`` is the major version of the server: a tool that is older cannot dump it. The
    password goes through the environment, where other users of the machine do not see it.
    """
    program = _newest(name)
    environment = {**os.environ, "LC_ALL": "C"}
    if secret := password():
        environment["PGPASSWORD"] = secret
    done = subprocess.run(
        [program, *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode == 0:
        return
    said = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    complaint = next(
        (line for line in said if "error:" in line),
        said[0] if said else f"exit code {done.returncode}",
    )
    remedy = ""
    if server_version and "version mismatch" in done.stderr:
        remedy = (
            f" Install the client tools of PostgreSQL {server_version} (on Debian:"
            f" postgresql-client-{server_version})."
        )
    raise BackupError(f"{complaint.rstrip('.')}.{remedy}")


def _newest(name: str) -> str:
    """The tool of the newest version that is installed: it reads what an older server has."""
    named = os.environ.get("PATH", os.defpath).split(os.pathsep)
    folders = [Path(folder) for folder in named if folder]
    folders += DEBIAN.glob("*/bin")
    programs = [path for folder in folders if (path := shutil.which(name, path=str(folder)))]
    if not programs:
        raise BackupError(
            f"{name} is not installed here. Install PostgreSQL's client tools "
            "(on Debian: apt-get install postgresql-client), of the server's version or newer."
        )
    return max(dict.fromkeys(programs), key=_version)


def _version(program: str) -> int:
    asked = [program, "--version"]
    output = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
    match = re.search(r"(\d+)", output.rpartition(")")[2])
    return int(match[1]) if match else 0
