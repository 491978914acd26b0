"""How a call into a child process can end other than with its result."""

from __future__ import annotations

import signal
from typing import Any

from executions.errors import StigmerError


class ChildError(StigmerError):
    """A call into a child process gave no result.

    ``log`` is the end of what the child wrote to its streams.
    """

    def __init__(self, message: str, log: str = "") -> None:
        super().__init__(message)
        self.log = log


class ChildTimedOut(ChildError):
    """The child did not answer before its deadline and was killed, with everything that it had
    started.
    """


class NoChildFree(ChildError):
    """All children stayed busy until the time to wait for one was over; nothing was sent to any."""


class ChildCancelled(ChildError):
    """The call was cancelled; its child, if it had one, was killed."""


class ChildCouldNotStart(ChildError):
    """The child ended before it was ready: a module it needs cannot be imported, for example.

    Nothing ran.
    """


class PoolClosed(ChildError):
    """The pool was closed before or while the call ran."""


class ResultTooLarge(ChildError):
    """The child's result is larger than the pool accepts."""


class ChildDied(ChildError):
    """The child ended by itself in the middle of a call: a crash, an exit, or the end of its
    memory.

    ``exit_code`` is what it gave back, None where a signal ended it; ``signal_name`` is that
    signal, for example ``SIGSEGV``.
    """

    def __init__(self, return_code: int, log: str = "") -> None:
        self.exit_code = return_code if return_code >= 0 else None
        self.signal_name = _signal_name(-return_code) if return_code < 0 else None
        how = f"killed by {self.signal_name}" if self.signal_name else f"exit code {return_code}"
        super().__init__(f"the child process died ({how})", log)


class ChildRaised(ChildError):
    """The code in the child raised.

    ``type_name`` and ``message`` are the exception's, ``traceback_text`` where it came from.
    ``is_transient`` is what the exception says about itself (its attribute of that name; None if it
    says nothing) and ``details`` the JSON object that it carries in its attribute ``details``.
    ``left`` names in what the child is no longer what it was.
    """

    def __init__(self, raised: dict[str, Any], log: str = "", left: tuple[str, ...] = ()) -> None:
        self.left = left
        self.type_name = str(raised.get("type", "Exception"))
        self.message = str(raised.get("message", ""))
        self.traceback_text = str(raised.get("traceback", ""))
        self.is_transient: bool | None = raised.get("is_transient")
        details = raised.get("details")
        self.details: dict[str, Any] = details if isinstance(details, dict) else {}
        super().__init__(
            f"{self.type_name}: {self.message}" if self.message else self.type_name, log
        )


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
