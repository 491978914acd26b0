"""The ends of the command: one table of exit codes, and the error that carries one. docs/cli.md
lists them.
"""

from __future__ import annotations

from enum import IntEnum

from executions.errors import Refused, StigmerError


class ExitCode(IntEnum):
    OK = 0
    FAILED = 1
    USAGE = 2
    REFUSED = 3
    NOT_FOUND = 4
    FORBIDDEN = 5
    UNAVAILABLE = 6
    RUN_FAILED = 7
    INTERRUPTED = 130


class CommandError(StigmerError):
    """The command could not do what was asked.

    ``message`` says what was wrong, ``remedy`` what can be done; ``code`` is what the command ends
    with.
    """

    def __init__(self, message: str, *, remedy: str = "", code: ExitCode = ExitCode.FAILED) -> None:
        super().__init__(" ".join(text for text in (message, remedy) if text))
        self.code = code


_REFUSALS = {
    "invalid": ExitCode.USAGE,
    "forbidden": ExitCode.FORBIDDEN,
    "not_found": ExitCode.NOT_FOUND,
    "unavailable": ExitCode.UNAVAILABLE,
    "corrupt": ExitCode.FAILED,
}


def code_of(error: StigmerError) -> ExitCode:
    """The exit code of an error that ends the command."""
    match error:
        case CommandError():
            return error.code
        case Refused():
            return _REFUSALS.get(error.code, ExitCode.REFUSED)
    return ExitCode.FAILED
