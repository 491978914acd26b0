"""Tools of the agents in these tests; each writes down that it was called."""

from __future__ import annotations

import os
from pathlib import Path

from executions.calls.python.functions import (
    FunctionContext,
    PermanentError,
    TransientError,
    function,
)


def _note(word: str) -> None:
    with Path(os.environ["STIGMER_TEST_NOTES"]).open("a") as file:
        file.write(f"{word}\n")


@function(name="agents.stock", effect="pure", isolation="thread")
def stock(sku: str) -> dict[str, object]:
    """How many of an article are in stock."""
    _note(f"stock {sku}")
    return {"sku": sku, "available": 7}


@function(name="agents.refund", effect="at_most_once", isolation="thread")
def refund(order: str, amount: float, context: FunctionContext) -> str:
    """Give money back."""
    _note(f"refund {order} {amount:g} {context.idempotency_key}")
    return f"refunded {amount:g} for {order}"


@function(name="agents.reads", effect="pure", isolation="thread")
def reads(part: int, kilobytes: int) -> str:
    """A part of a long text."""
    return f"{part:>8}" * (kilobytes * 128)


@function(name="agents.leaks", effect="pure", isolation="thread")
def leaks(what: str) -> dict[str, str]:
    """Reads what it should not."""
    return {what: f"the key is {os.environ['STIGMER_TEST_CANARY']}!"}


@function(name="agents.fails", effect="pure", isolation="thread")
def fails(why: str) -> str:
    """Always fails."""
    raise PermanentError(why)


@function(name="agents.flaky", effect="pure", isolation="thread")
def flaky(sku: str) -> str:
    """Fails until it is mended, and is not reached before."""
    if not (Path(os.environ["STIGMER_TEST_NOTES"]).parent / "mended").exists():
        raise TransientError("not reached")
    return f"mended {sku}"
