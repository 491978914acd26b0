"""Functions as an author might write them, good ones and bad ones."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from pydantic import BaseModel

from executions.calls.python.functions import (
    FunctionContext,
    PermanentError,
    TransientError,
    function,
)


@dataclass
class Row:
    sku: str
    count: int = 1


class Order(BaseModel):
    number: int
    rows: list[Row]
    due: date | None = None


@function(name="order.total", effect="pure")
def total(order: Order, price: Decimal = Decimal("1.50")) -> Decimal:
    return sum((row.count * price for row in order.rows), Decimal(0))


@function(name="shout")
def shout(text: str, schema: str = "!", copy: bool = False) -> str:
    print("shouting")
    return text.upper() + schema


@function(name="who")
def who(context: FunctionContext) -> FunctionContext:
    return context


@function(name="where", isolation="thread")
def where() -> int:
    return os.getpid()


@function(name="where.child")
def where_child() -> int:
    return os.getpid()


@function(name="allocates")
def allocates(size: int) -> int:
    return len(bytearray(size))


@function(name="moves.away")
def moves_away() -> None:
    os.chdir("/")


@function(name="booked", effect="transactional", isolation="thread")
def booked(fail: bool = False) -> str:
    if fail:
        raise ConnectionResetError("gone")
    return "booked"


@function(name="fails")
def fails(how: str) -> object:
    if how == "transient":
        raise TransientError(
            "try later",
            type="https://example.com/errors/busy",
            status=503,
            title="Busy",
            retry_after=7,
        )
    if how == "permanent":
        raise PermanentError("never")
    if how == "reset":
        raise ConnectionResetError("reset")
    if how == "slow":
        raise TimeoutError("slow")
    if how == "exit":
        os._exit(3)
    if how == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if how == "large":
        return "x" * 10_000_000
    if how == "object":
        return object()
    if how == "nan":
        return float("nan")
    raise ValueError(how)


@function(name="sleeps")
def sleeps(path: str) -> None:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    with open(path + ".part", "w") as file:
        file.write(f"{os.getpid()} {child.pid}")
    os.rename(path + ".part", path)
    time.sleep(600)
