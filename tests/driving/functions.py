"""Functions that workflows of these tests call.

What they did stands in a file, outside of any database.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import threading
import time
from pathlib import Path
from typing import Any

from executions.calls.python.functions import (
    FunctionContext,
    PermanentError,
    TransientError,
    function,
)

ORDERS = {"left": 0}


@function(name="tests.note", isolation="thread")
def note(ledger: str, line: str, context: FunctionContext, answer: Any = None) -> Any:
    """Write a line into the ledger, with the key of the operation."""
    with Path(ledger).open("a") as book:
        book.write(f"{line} {context.idempotency_key}\n")
    return {"line": line, "attempt": context.attempt} if answer is None else answer


@function(name="tests.note_once", isolation="thread", effect="at_most_once")
def note_once(ledger: str, line: str, context: FunctionContext) -> Any:
    return note(ledger, line, context)


@function(name="tests.meet", isolation="thread")
def meet(ledger: str, line: str, others: int, context: FunctionContext) -> str:
    """Write a line and come back once as many of other lines stand there: all run at once."""
    note(ledger, line, context)
    for _ in range(6_000):
        lines = {each.split(" ")[0] for each in Path(ledger).read_text().splitlines()}
        if len(lines) > others:
            return line
        time.sleep(0.005)
    raise TransientError("the others never came")


@function(name="tests.note_when_open")
def note_when_open(ledger: str, line: str, gate: str, context: FunctionContext) -> str:
    """Write a line into the ledger, in a process of its own, once the file ``gate`` is there."""
    wait_for_file(gate)
    with Path(ledger).open("a") as book:
        book.write(f"{line} {context.idempotency_key}\n")
    return line


@function(name="tests.gated", isolation="thread")
def gated(ledger: str, line: str, gate: str, context: FunctionContext) -> str:
    """The same in a thread of the worker."""
    wait_for_file(gate)
    note(ledger, line, context)
    return line


@function(name="tests.gated_once", isolation="thread", effect="at_most_once")
def gated_once(ledger: str, line: str, gate: str, context: FunctionContext) -> str:
    return gated(ledger, line, gate, context)


MOST: list[int] = []
"""How many calls of ``tests.counted`` ran at the same time, as each of them saw it."""
_now: set[str] = set()


@function(name="tests.counted", isolation="thread")
def counted(ledger: str, line: str) -> str:
    _now.add(line)
    time.sleep(0.01)
    MOST.append(len(_now))
    _now.discard(line)
    return line


@function(name="tests.rename_when_open", isolation="thread", effect="transactional")
def rename_when_open(slug: str, name: str, gate: str) -> str:
    """Writes through the ORM, in the transaction of its step, once the file ``gate`` is there."""
    from django.db.models import F, Value
    from django.db.models.functions import Concat

    from executions.models import Workflow

    wait_for_file(gate)
    Workflow.objects.filter(slug=slug).update(name=Concat(F("name"), Value(name)))
    return name


def wait_for_file(path: str) -> None:
    for _ in range(6_000):
        if Path(path).exists():
            return
        time.sleep(0.01)
    raise TransientError(f"{path} never came")


@function(name="tests.fails", isolation="thread")
def fails(
    ledger: str, times: int, transient: bool = True, message: str = "not yet"
) -> dict[str, int]:
    """Fail while fewer lines than ``times`` stand in the ledger."""
    book = Path(ledger)
    lines = book.read_text().splitlines() if book.exists() else []
    with book.open("a") as stream:
        stream.write("try\n")
    if len(lines) < times:
        raise (TransientError if transient else PermanentError)(message)
    return {"tries": len(lines) + 1}


@function(name="tests.gives", isolation="thread")
def gives(what: str) -> Any:
    """Values that no journal can hold."""
    values: dict[str, Any] = {
        "nan": float("nan"),
        "infinity": float("inf"),
        "nul": "a\x00b",
        "surrogate": "a\ud800b",
        "large": "x" * (2 * 1024 * 1024),
        "nul in a key": {"a\x00b": 1},
        "deep": _deep(300),
    }
    return values[what]


@function(name="tests.says", isolation="thread")
def says(what: str) -> None:
    """Fails with a message that no database can hold."""
    raise PermanentError(
        {"nul": "a\x00b", "surrogate": "a\ud800b", "large": "x" * (2 * 1024 * 1024)}[what]
    )


@function(name="tests.rename", isolation="thread", effect="transactional")
def rename(
    slug: str, name: str, fail: bool = False, too_large: bool = False, swallow: bool = False
) -> Any:
    """Writes through the ORM, in the transaction of its step."""
    from django.db import DatabaseError, connection

    from executions.models import Workflow

    workflow = Workflow.objects.get(slug=slug)
    workflow.name += name
    workflow.save(update_fields=["name"])
    if swallow:
        with contextlib.suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute("SELECT nothing_of_this_name")
    if fail:
        raise PermanentError("changed its mind")
    return "x" * (2 * 1024 * 1024) if too_large else workflow.name


MAY_END = threading.Event()


@function(name="tests.hangs", isolation="thread")
def hangs(ledger: str) -> str:
    """Does not come back before it is let."""
    MAY_END.wait(60)
    with Path(ledger).open("a") as book:
        book.write("late -\n")
    return "late"


@function(name="tests.rename_and_hang", isolation="thread", effect="transactional")
def rename_and_hang(ledger: str, slug: str, name: str) -> str:
    """Writes through the ORM, hangs, and tries to write once more."""
    from executions.models import Workflow

    Workflow.objects.filter(slug=slug).update(name=name)
    MAY_END.wait(60)
    try:
        Workflow.objects.filter(slug=slug).update(name=name)
        ended = "wrote"
    except Exception as problem:
        ended = type(problem).__name__
    with Path(ledger).open("a") as book:
        book.write(f"{ended} -\n")
    return ended


def _deep(levels: int) -> Any:
    value: Any = 0
    for _ in range(levels):
        value = [value]
    return value


@function(name="tests.kill_worker", isolation="thread")
def kill_worker() -> None:
    """Foreign code that takes its process with it, each time."""
    os.kill(os.getpid(), signal.SIGKILL)


KEPT: list[tuple[str, str]] = []
"""What the calls of the journals under tests/driving/journals did in this process: line and key."""


@function(name="tests.kept", isolation="thread")
def kept(
    line: str, context: FunctionContext, fails: int = 0, lasting: bool = False, token: str = ""
) -> Any:
    """Note it here; fail as long as fewer lines than ``fails`` of this name stand here."""
    times = sum(line == noted for noted, _ in KEPT)
    KEPT.append((line, context.idempotency_key))
    if times < fails:
        raise (PermanentError if lasting else TransientError)(f"{line} failed")
    return {"line": line, "times": times + 1, "token": len(token)}


@function(name="tests.kept_once", isolation="thread", effect="at_most_once")
def kept_once(line: str, context: FunctionContext, fails: int = 0, lasting: bool = False) -> Any:
    return kept(line, context, fails, lasting)


@function(name="tests.holds", isolation="thread")
def holds() -> None:
    """Hold the interpreter in one call of C: no other thread of the process runs until it is
    killed.
    """
    re.match(r"(a+)+$", "a" * 64 + "!")
