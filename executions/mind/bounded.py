"""Starts the command of an MCP server with its limits: what it may use, and that it ends with the
mind.

``python -m executions.mind.bounded BYTES COMMAND ARGUMENT…``. The limit is on data, not on address
space, of which JavaScript reserves more than it ever uses.
"""

from __future__ import annotations

import ctypes
import os
import resource
import shutil
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_MOST_FILES = 256


def main() -> None:
    limit, command, *arguments = sys.argv[1:]
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (int(limit), int(limit)))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_MOST_FILES, _MOST_FILES))
    # Beside the interpreter stand the commands that were installed with Stigmer.
    beside = str(Path(sys.executable).parent)
    path = os.pathsep.join([beside, os.environ.get("PATH", os.defpath)])
    program = shutil.which(command, path=path)
    if program is None:
        sys.exit(f"the command {command} is not there")
    os.execv(program, [program, *arguments])


if __name__ == "__main__":
    main()
