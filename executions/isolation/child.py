"""The program that a child process runs: one request after another, until its parent is gone.

Started by :mod:`executions.isolation.process` as ``python -m executions.isolation.child OPTIONS``.
Standard input and output carry the frames; they are moved away before foreign code is loaded, so
that its prints go to the log. With each answer the parent is told in what the call left this
process otherwise than it was (``left``).
"""

from __future__ import annotations

import ctypes
import importlib
import io
import json
import os
import resource
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from typing import Any, BinaryIO

from executions.isolation import stack
from executions.isolation.condition import Condition, differences, seen
from executions.isolation.frames import HEADER, decode, encode

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
# Foreign code may keep a processor busy; who drives the others comes first.
_NICENESS = 5
_TRACEBACK_CHARACTERS = 8_000


def main() -> None:
    options = json.loads(sys.argv[1])
    _die_with_parent(options["parent_pid"])
    _limit(options["memory_limit_bytes"])
    os.nice(_NICENESS)
    requests = os.fdopen(os.dup(0), "rb")
    replies = os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(2, 1)
    os.close(null)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(
            line_buffering=True
        )  # so that both streams keep their order in the log
    try:
        for name in options["preload"]:
            importlib.import_module(name)
        module, _, attribute = options["target"].partition(":")
        target = getattr(importlib.import_module(module), attribute)
    except BaseException as error:
        _send(replies, {"failed": _describe(error)})
        os._exit(1)
    stack.offer()
    _send(replies, {"ready": True})
    _serve(target, requests, replies, options["max_result_bytes"])
    os._exit(0)


def _serve(
    target: Callable[[str, Any], Any], requests: BinaryIO, replies: BinaryIO, max_bytes: int
) -> None:
    streams = (sys.stdout, sys.stderr)
    with suppress(FileNotFoundError):
        tempfile.gettempdir()  # it is found out once and kept: not a difference that a call makes
    seen()
    before = seen()
    while True:
        header = requests.read(HEADER.size)
        if len(header) < HEADER.size:
            return
        operation, payload = decode(requests.read(HEADER.unpack(header)[0]))
        answer, frame = _answer(target, operation, payload, max_bytes)
        for stream in streams:
            with suppress(ValueError, OSError):  # closed by the call, which the comparison sees
                stream.flush()
        left = _left(before, answer)
        replies.write(encode({**answer, "left": left}) if left else frame)
        replies.flush()


def _answer(
    target: Callable[[str, Any], Any], operation: str, payload: Any, max_bytes: int
) -> tuple[dict[str, Any], bytes]:
    """The result of the call, and the same as a frame. Its context variables end with it."""
    try:
        answer = {"result": copy_context().run(target, operation, payload)}
        frame = encode(answer)
        if len(frame) > max_bytes:
            answer = {"too_large": len(frame)}
            frame = encode(answer)
    except BaseException as error:
        answer = {"raised": _describe(error)}
        frame = encode(answer)
    return answer, frame


def _left(before: Condition, answer: dict[str, Any]) -> list[str]:
    """In what the call left this process otherwise than it was; memory that ran out may have broken
    anything.
    """
    if answer.get("raised", {}).get("type") == "MemoryError":
        return ["memory"]
    return differences(before)


def _describe(error: BaseException) -> dict[str, Any]:
    details = getattr(error, "details", None)
    transient = getattr(error, "is_transient", None)
    described: dict[str, Any] = {
        "type": type(error).__name__,
        "message": _text(error)[:_TRACEBACK_CHARACTERS],
        "traceback": "".join(traceback.format_exception(error))[-_TRACEBACK_CHARACTERS:],
        "is_transient": transient if isinstance(transient, bool) else None,
    }
    try:
        encode(details)
        described["details"] = details
    except (TypeError, ValueError, RecursionError):
        pass
    return described


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return "(its message could not be read)"


def _send(replies: BinaryIO, value: Any) -> None:
    replies.write(encode(value))
    replies.flush()


def _die_with_parent(parent_pid: int) -> None:
    """Ask the kernel to kill this process when its parent ends; orphaned grandchildren come to this
    process, so that whoever kills it finds them (prctl(2)).
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    if os.getppid() != parent_pid:
        os._exit(1)


def _limit(memory_limit_bytes: int | None) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if memory_limit_bytes is not None:
        resource.setrlimit(resource.RLIMIT_AS, (memory_limit_bytes, memory_limit_bytes))


if __name__ == "__main__":
    main()
