"""The memory of the commands of MCP servers as a whole: each has a limit of its own, and together
they have one too.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

WHOLE_BYTES = 2 * 1024**3
_PAGE = os.sysconf("SC_PAGE_SIZE")


def used() -> dict[int, int]:
    """The resident bytes of each child of this process, with all below it."""
    return {child: _bytes_of(child) for child in _children(os.getpid())}


def _bytes_of(pid: int) -> int:
    resident = 0
    with suppress(OSError, IndexError, ValueError):
        resident = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    return resident + sum(map(_bytes_of, _children(pid)))


def _children(pid: int) -> list[int]:
    children: list[int] = []
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError, ValueError):
                children += map(int, (task / "children").read_text().split())
    return children
