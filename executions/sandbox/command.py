"""A command: its arguments, its limits, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from executions.errors import StigmerError

PROCESSES = 512
HEAD_BYTES = 512 * 1024
TAIL_BYTES = 64 * 1024


class Spoiled(StigmerError):
    """A command could not be started, or the process that watched it is gone.

    ``began``: it may have done something.
    """

    def __init__(self, message: str, *, began: bool) -> None:
        super().__init__(message)
        self.began = began


class Why(StrEnum):
    """Why a command was ended; NOTHING where it ended by itself."""

    NOTHING = ""
    TIME = "time"
    MEMORY = "memory"
    PROCESSES = "processes"
    DISK = "disk"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Limits:
    """``memory_bytes`` and ``processes`` are of everything that the command starts, together;
    ``disk_bytes`` of all its folders.
    """

    memory_bytes: int
    disk_bytes: int
    processes: int = PROCESSES


@dataclass(frozen=True, slots=True)
class Command:
    """``argv`` with the program's path as a command finds it; ``read_only`` are further folders
    that it may read: where they are, and where it finds them. ``network``: it reaches whatever the
    worker reaches.
    """

    argv: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    stdin: str = ""
    read_only: Mapping[str, str] = field(default_factory=dict)
    network: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """``code`` is the exit code, 128 and the signal's number where a signal ended it. ``stdout``
    and ``stderr`` are text; where something is left out of the middle, a line says so.
    ``left_out``: bytes that are missing.
    """

    code: int
    stdout: str
    stderr: str
    why: Why = Why.NOTHING
    left_out: int = 0
