"""The operations that sealed children know, collected from the rooms that bring some.

A room's module has ``OPERATIONS: dict[str, Operation]``; its names begin with the room's subject.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable

Operation = Callable[[bytes], bytes]
# Modules that import little: the mother of the children loads them all.
ROOMS: tuple[str, ...] = (
    "executions.sealed.inside.jq_programs",
    "executions.sealed.inside.schemas",
)


class Refused(Exception):
    """The payload is at fault. ``kind`` is one word that quotes nothing of it."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


def table() -> dict[str, Operation]:
    """Every operation by its name; loads the modules of all rooms."""
    operations: dict[str, Operation] = {}
    for name in ROOMS:
        operations.update(importlib.import_module(name).OPERATIONS)
    return operations
