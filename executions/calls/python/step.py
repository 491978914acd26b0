"""`call: python`: a registered function, run in a child process that can be killed, or in the
calling thread.
"""

from __future__ import annotations

import os
import threading
import traceback
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from executions.calls.context import StepContext
from executions.calls.outcome import Done, Fail, Outcome
from executions.calls.python import stacks
from executions.calls.python.functions import (
    MODULES_VARIABLE,
    ArgumentsInvalid,
    Function,
    FunctionContext,
    FunctionError,
    FunctionNotUsable,
    find,
    is_transient,
)
from executions.errors import WorkflowError
from executions.isolation import (
    ChildCancelled,
    ChildCouldNotStart,
    ChildDied,
    ChildError,
    ChildPool,
    ChildRaised,
    ChildTimedOut,
    NoChildFree,
    PoolClosed,
    ResultTooLarge,
    Seat,
)
from executions.isolation.visit import Seconds
from executions.sanitise import sanitise_reason

Json = Any
log = structlog.get_logger(__name__)
_TARGET = "executions.calls.python.child:answer"


@dataclass(frozen=True, slots=True)
class FunctionPool:
    """How functions run in the children of this process: the modules that hold them, how many run
    at once (of one owner; up to as many again for owners who have none running), the address space
    of each in bytes (None: no limit), all that they see of the environment, and the largest result
    in bytes. Django is set up in a child where ``environment`` names ``DJANGO_SETTINGS_MODULE``.
    """

    modules: Sequence[str] = ()
    processes: int = 2
    memory_limit_bytes: int | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    max_result_bytes: int = 4 * 1024 * 1024


_lock = threading.Lock()
_settings = FunctionPool()
_pool: ChildPool | None = None
_owner_pid = 0
_listener: Callable[[Any], None] | None = None


def configure(settings: FunctionPool) -> None:
    """Use these settings from now on; children that exist are stopped, new ones start when they are
    needed.
    """
    global _settings
    close()
    with _lock:
        _settings = settings


def close() -> None:
    """Stop the children of this process; the next call starts anew."""
    global _pool
    with _lock:
        pool, _pool = _pool, None
        belongs_here = _owner_pid == os.getpid()
    if pool is not None and belongs_here:
        pool.close()


def run(arguments: Mapping[str, Json], context: StepContext) -> Outcome:
    """Call the registered function ``arguments["function"]`` with ``arguments["arguments"]``.

    In a child process the attempt's deadline and cancellation are enforced by killing the child. A
    function with ``isolation="thread"`` runs here, in the calling thread, and ends when it ends.
    """
    name, function_arguments = str(arguments.get("function", "")), arguments.get("arguments") or {}
    try:
        entry = find(name)
    except FunctionNotUsable as error:
        return _refused(WorkflowError.standard("configuration", str(error)), "unknown function")
    context.secrets.give_to(name)
    if entry.isolation == "thread":
        return run_here(arguments, context)
    return _call_in_child(entry, function_arguments, context)


def call_on_turn(listener: Callable[[Any], None] | None) -> None:
    """Have ``listener`` called with what a parked place was taken for, when its turn has come.

    It must not block.
    """
    global _listener
    _listener = listener


def seat(key: Hashable, owner: str, waiting: Any, *, seconds: float = 0.0) -> Seat | None:
    """A process for one function of ``owner``, waiting so long for one.

    None: the place in line is kept under ``key``; ask again, :func:`park` it or :func:`leave`.
    Raises PoolClosed.
    """
    wait = Seconds(seconds) if seconds else None
    return _running_pool().seat(owner, wait=wait, key=key, waiting=waiting, on_turn=_tell)


def _tell(waiting: Any) -> None:
    if _listener is not None:
        _listener(waiting)


def park(key: Hashable) -> None:
    """Nobody stands and waits under this key any more: the listener is called when its turn has
    come.
    """
    if _pool is not None:
        _pool.park(key)


def leave(key: Hashable) -> None:
    """Give the place in line up."""
    if _pool is not None:
        _pool.leave(key)


def leave_unclaimed(seconds: float) -> int:
    """Give processes that were kept for so long, and that nobody came for, to the next in line.

    How many.
    """
    return 0 if _pool is None else _pool.leave_unclaimed(seconds)


def leave_all() -> list[Any]:
    """Give all parked places up; what they were taken for."""
    return [] if _pool is None else _pool.leave_all()


def run_here(arguments: Mapping[str, Json], context: StepContext) -> Outcome:
    """Call a registered function in this thread; the engine does so, inside its own transaction,
    for the effect `transactional`. No deadline is enforced; what the function raises becomes a
    :class:`Fail`.
    """
    name = str(arguments["function"])
    try:
        entry = find(name)
        context.secrets.give_to(name)
        filled = context.secrets.fill(dict(arguments.get("arguments") or {}))
        entry.checked(filled)
    except FunctionNotUsable as error:
        return _refused(WorkflowError.standard("configuration", str(error)), "unknown function")
    except ArgumentsInvalid as error:
        return _refused(_redacted(error.error, context), "arguments do not fit")
    try:
        with stacks.at_work(context.execution_id, context.path, name, None):
            result = entry.run(filled, FunctionContext(**_known(context)))
        return Done(context.secrets.kept(result))
    except Exception as error:
        details = error.details if isinstance(error, FunctionError) else {}
        log = str(context.secrets.redact("".join(traceback.format_exception(error))[-8_000:]))
        return _raised(type(error).__name__, str(error), is_transient(error), details, log, context)


def _call_in_child(entry: Function, arguments: Mapping[str, Json], context: StepContext) -> Outcome:
    filled = context.secrets.fill(dict(arguments))
    try:
        entry.checked(filled)
    except ArgumentsInvalid as error:
        return _refused(_redacted(error.error, context), "arguments do not fit")
    try:
        with (
            _seat_of(context) as seat,
            stacks.at_work(context.execution_id, context.path, entry.name, seat.pid),
        ):
            reply = seat.run(
                entry.name,
                {"arguments": filled, "context": _known(context)},
                deadline=context.deadline,
                cancellation=context.cancellation,
            )
    except ChildRaised as error:
        text = f"{error.log}\n{error.traceback_text}".strip() + _note(entry, error.left)
        log = str(context.secrets.redact(text))
        return _raised(
            error.type_name, _words(error), bool(error.is_transient), error.details, log, context
        )
    except ChildError as error:
        return _stopped(error, context)
    except (TypeError, ValueError, RecursionError) as error:
        return _refused(
            WorkflowError.standard("validation", f"the arguments are not JSON: {error}"),
            "arguments do not fit",
        )
    text = reply.log + _note(entry, reply.left)
    return Done(context.secrets.kept(reply.value), str(context.secrets.redact(text)))


def _seat_of(context: StepContext) -> Seat:
    """The process that was kept for the attempt; who has none waits for one until the deadline."""
    if context.seat is not None:
        return context.seat
    seat_of_owner = _running_pool().seat(
        context.owner, wait=context.deadline, cancellation=context.cancellation
    )
    if seat_of_owner is None:
        raise NoChildFree("no process for functions became free in time; nothing was run")
    return seat_of_owner


def _note(entry: Function, left: Sequence[str]) -> str:
    """The line for the author in the call's log where the process was not used again."""
    if not left:
        return ""
    named = ", ".join(left)
    log.info(
        "function process is replaced, a call left it otherwise than it was",
        function=entry.name,
        left=named,
    )
    return (
        "\n[Stigmer ended this process after the call, which left it otherwise than it was:"
        f" {named}]\n"
    )


def _words(error: ChildRaised) -> str:
    """The exception's own words; those of a MemoryError are empty."""
    limit = _settings.memory_limit_bytes
    if error.type_name != "MemoryError" or limit is None:
        return error.message
    allowed = f"it needed more than {limit // (1024 * 1024)} MiB (STIGMER_MEMORY_BYTES)"
    return f"{error.message}; {allowed}" if error.message else allowed


def _stopped(error: ChildError, context: StepContext) -> Fail:
    """The call ended without the function having returned or raised."""
    log = str(context.secrets.redact(error.log))
    text = str(error)
    if isinstance(error, ChildTimedOut):
        detail = (
            f"the attempt did not end within {context.deadline.seconds:g} s; its process was killed"
        )
        return Fail(WorkflowError.standard("timeout", detail), True, "attempt timed out", log=log)
    if isinstance(error, ChildDied):
        return Fail(WorkflowError.standard("runtime", text), True, "child process died", log=log)
    if isinstance(error, ChildCancelled):
        return Fail(WorkflowError.standard("runtime", text), False, "cancelled", log=log)
    if isinstance(error, NoChildFree):
        return Fail(
            WorkflowError.standard("timeout", text),
            True,
            "no free child process",
            effect_possible=False,
        )
    if isinstance(error, PoolClosed):
        return Fail(WorkflowError.standard("runtime", text), True, "worker stopped", log=log)
    if isinstance(error, ResultTooLarge):
        return Fail(WorkflowError.standard("runtime", text), False, "result too large", log=log)
    rule = (
        "function modules cannot be loaded"
        if isinstance(error, ChildCouldNotStart)
        else "child process failed"
    )
    detail = str(context.secrets.redact(sanitise_reason(text)))
    return Fail(
        WorkflowError.standard("configuration", detail), False, rule, effect_possible=False, log=log
    )


def _raised(
    type_name: str,
    message: str,
    transient: bool,
    details: Mapping[str, Any],
    log: str,
    context: StepContext,
) -> Fail:
    """The function raised: its error as the DSL's, with what the author said about it."""
    if type_name == ArgumentsInvalid.__name__:
        return _refused(
            _redacted(WorkflowError.standard("validation", message), context),
            "arguments do not fit",
        )
    text = message if details else f"{type_name}: {message}" if message else type_name
    standard = WorkflowError.standard("runtime", str(context.secrets.redact(text)))
    error = WorkflowError(
        type=str(details.get("type") or standard.type),
        status=int(details.get("status") or standard.status),
        title=str(details.get("title") or standard.title),
        detail=standard.detail,
    )
    retry_after = details.get("retry_after")
    return Fail(
        error,
        transient,
        f"function raised {type_name}",
        retry_after=float(retry_after) if isinstance(retry_after, (int, float)) else None,
        log=log,
        answered=True,
    )


def _refused(error: WorkflowError, rule: str) -> Fail:
    """Nothing was run."""
    return Fail(error, False, rule, effect_possible=False)


def _redacted(error: WorkflowError, context: StepContext) -> WorkflowError:
    return WorkflowError(
        error.type, error.status, error.title, str(context.secrets.redact(error.detail))
    )


def _known(context: StepContext) -> dict[str, Any]:
    return {
        "execution_id": context.execution_id,
        "correlation_id": context.correlation_id,
        "attempt": context.attempt,
        "idempotency_key": context.idempotency_key,
    }


def _running_pool() -> ChildPool:
    global _pool, _owner_pid
    with _lock:
        if _pool is None or _owner_pid != os.getpid():
            _owner_pid = os.getpid()
            _pool = ChildPool(
                _TARGET,
                size=_settings.processes,
                guests=_settings.processes,
                keeps_one_ready=True,
                memory_limit_bytes=_settings.memory_limit_bytes,
                environment={
                    **_settings.environment,
                    MODULES_VARIABLE: ",".join(_settings.modules),
                },
                max_result_bytes=_settings.max_result_bytes,
            )
        return _pool
