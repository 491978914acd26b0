"""jq programs as the sealed children know them, without the room of the expressions above."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from executions import sealed

HEAD = struct.Struct(">II")
FOR_EVER = "def f: f; f"
# Filled by the room's fixture. Their niceness does not tell: the tests may be as nice as can be
# themselves.
STEPPED_BACK: set[int] = set()


def payload(program: str, text: str = "null") -> bytes:
    """A request for `jq.run` without variables; ``text`` is the input as JSON."""
    source = program.encode()
    return HEAD.pack(len(source), 0) + source + f"[{text}]".encode()


def run(program: str, text: str = "null", *, owner: str = "ada", **options: Any) -> bytes:
    """The output of a program in the lanes."""
    options.setdefault("seconds", 5.0)
    return sealed.call("jq.run", payload(program, text), owner=owner, text=program, **options)


def run_once(program: str, text: str = "null", *, owner: str = "ada", **options: Any) -> bytes:
    """The output of a program in a child of its own."""
    options.setdefault("seconds", 5.0)
    return sealed.call_once("jq.run", payload(program, text), owner=owner, **options)


def slow_children() -> list[int]:
    """The process ids of the children whose calls take really long: this test saw them step
    back.
    """
    return [pid for pid in sealed.pids() if pid in STEPPED_BACK]


@contextmanager
def threads_that_may_hang(count: int) -> Iterator[ThreadPoolExecutor]:
    """Threads whose calls are broken off at the end, whatever became of the test."""
    with ThreadPoolExecutor(count) as threads:
        try:
            yield threads
        finally:
            sealed.close()
