"""Expressions that could run on for ever or eat all memory, evaluated in child processes that can be killed."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from typing import Any

from executions.errors import ExpressionError
from executions.isolation import (
    ChildDied,
    ChildError,
    ChildPool,
    ChildRaised,
    ChildTimedOut,
    NoChildFree,
    ResultTooLarge,
)

Json = Any


@dataclass(frozen=True, slots=True)
class Limits:
    """Of the pool of a process: how many children, the address space of each, the largest result, and how long an
    expression may wait for a free child (its own deadline counts from when it has one)."""

    pool_size: int = 2
    memory_limit_bytes: int = 256 * 1024 * 1024
    max_result_bytes: int = 4 * 1024 * 1024
    wait_seconds: float = 60.0


_lock = threading.Lock()
_limits = Limits()
_pool: ChildPool | None = None
_owner_pid = 0


def configure(limits: Limits) -> None:
    """Use these limits from now on; children that exist are stopped, new ones start when they are needed."""
    global _limits
    close()
    with _lock:
        _limits = limits


def close() -> None:
    """Stop the children of this process. The next expression that needs one starts anew."""
    global _pool
    with _lock:
        pool, _pool = _pool, None
        belongs_here = _owner_pid == os.getpid()
    if pool is not None and belongs_here:
        pool.close()


def run(source: str, full_source: str, value: Json, variables: dict[str, Json], deadline_seconds: float) -> list[Json]:
    """At most two results of a program, evaluated under a deadline and a memory limit.

    ``source`` is what the author wrote (for messages), ``full_source`` the program with its definitions. Raises
    :class:`ExpressionError`.
    """
    limits = _limits
    try:
        payload = {"source": full_source, "input": value, "variables": variables}
        answer = _running_pool().call("evaluate", payload, deadline=deadline_seconds, wait_seconds=limits.wait_seconds)
    except (ChildError, ValueError, TypeError, RecursionError) as error:
        raise ExpressionError(failure(source, _reason(error, deadline_seconds, limits))) from None
    if "failed" in answer:
        raise ExpressionError(failure(source, answer["failed"]))
    results: list[Json] = answer["results"]
    return results


def failure(source: str, reason: str) -> str:
    """One sentence about an expression that failed while running."""
    return f"`{source[:80]}{'…' if len(source) > 80 else ''}` failed: {reason[:300]}"


def _reason(error: Exception, deadline_seconds: float, limits: Limits) -> str:
    if isinstance(error, ChildTimedOut):
        return f"it did not end within {deadline_seconds:g} s and was stopped"
    if isinstance(error, ChildDied):
        mib = limits.memory_limit_bytes // (1024 * 1024)
        return f"it needed more than {mib} MiB of memory, or recursed without end, and was stopped"
    if isinstance(error, ResultTooLarge):
        return f"its result is larger than {limits.max_result_bytes} bytes"
    if isinstance(error, ChildRaised):
        return error.message or error.type_name
    if isinstance(error, NoChildFree):
        return f"no process for expressions became free within {limits.wait_seconds:g} s"
    if isinstance(error, (ValueError, TypeError)):
        return f"it was given a value that is not JSON: {error}"
    return str(error)


def _running_pool() -> ChildPool:
    global _pool, _owner_pid
    with _lock:
        if _pool is None or _owner_pid != os.getpid():
            _owner_pid = os.getpid()
            _pool = ChildPool(
                "executions.expressions.child:answer",
                size=_limits.pool_size,
                memory_limit_bytes=_limits.memory_limit_bytes,
                max_result_bytes=_limits.max_result_bytes,
            )
        return _pool
