"""What is open for long says its last word when its server stops in order: streams end, sockets are
closed with a code."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

_speakers: list[Callable[[], Awaitable[None]]] = []


def at_the_end(speak: Callable[[], Awaitable[None]]) -> None:
    """``speak`` is awaited in the loop of the server once nobody new can come in."""
    _speakers.append(speak)


async def say() -> None:
    """Have all say it."""
    for speak in _speakers:
        await speak()
