"""How a call of a registered function can fail, and which failures may pass by themselves."""

from __future__ import annotations

from typing import Any

from executions.errors import StigmerError, WorkflowError

# The network and passing moods of the system; other errors of the operating system (no such file,
# …) stay.
_TRANSIENT = (ConnectionError, TimeoutError, InterruptedError, BlockingIOError)
# By name, since their libraries are not known here: httpx, and database drivers through Django.
_TRANSIENT_NAMES = frozenset({"TransportError", "OperationalError", "InterfaceError"})


class FunctionNotUsable(StigmerError):
    """A function cannot be registered or found; the message says what to do."""


class ArgumentsInvalid(StigmerError):
    """The arguments of a call do not fit the function's signature; ``error`` is the DSL's
    validation error.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.error = WorkflowError.standard("validation", message)


class FunctionError(Exception):
    """For authors: a failure that says by itself whether trying again can help.

    ``type`` (a URI), ``status`` and ``title`` make it the DSL's error that a `catch` can look for;
    ``retry_after`` is in seconds. Raise :class:`TransientError` or :class:`PermanentError`.
    """

    is_transient = False

    def __init__(
        self,
        message: str = "",
        *,
        type: str | None = None,
        status: int | None = None,
        title: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.details: dict[str, Any] = {
            "type": type,
            "status": status,
            "title": title,
            "retry_after": retry_after,
        }


class TransientError(FunctionError):
    """Trying again later may help: the other side is away, busy or slow."""

    is_transient = True


class PermanentError(FunctionError):
    """Trying again will fail again: the input or the set-up has to change first."""


def is_transient(error: BaseException) -> bool:
    """Whether trying again may help: what the error says itself, else what is known of its kind."""
    own = getattr(error, "is_transient", None)
    if isinstance(own, bool):
        return own
    return isinstance(error, _TRANSIENT) or any(
        kind.__name__ in _TRANSIENT_NAMES for kind in type(error).__mro__
    )
