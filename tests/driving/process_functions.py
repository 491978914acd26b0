"""Functions of these tests that run in processes of their own."""

from __future__ import annotations

import time
from pathlib import Path

from executions.calls.python.functions import TransientError, function


@function(name="tests.adds")
def adds(one: int, other: int) -> int:
    return one + other


@function(name="tests.waits_for")
def waits_for(gate: str, ledger: str, line: str = "-") -> str:
    """Runs until the gate is there; writes when it began."""
    with Path(ledger).open("a") as book:
        book.write(f"{line} began\n")
    while not Path(gate).exists():
        time.sleep(0.01)
    return line


@function(name="tests.fails_once")
def fails_once(ledger: str) -> str:
    if not Path(ledger).exists():
        Path(ledger).write_text("tried\n")
        raise TransientError("not yet")
    return "now"
