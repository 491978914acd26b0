"""The beginning of an answer that is not whole yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Heard:
    """The part of an answer that came since the last report: its text, and how much of all else.

    ``thinking`` and ``arguments`` are numbers of characters; ``tool`` is the tool whose arguments
    the model began to write, empty where it began none since. ``pieces`` counts
    what came of anything.
    """

    text: str = ""
    thinking: int = 0
    tool: str = ""
    arguments: int = 0
    pieces: int = 0

    def as_json(self) -> list[Any]:
        return [self.text, self.thinking, self.tool, self.arguments, self.pieces]

    @classmethod
    def of(cls, said: list[Any]) -> Heard:
        return cls(*said)


def together(heard: Sequence[Heard]) -> Heard:
    """All of it, in the order in which it came."""
    tool, arguments = "", 0
    for each in heard:
        # Another tool's arguments are counted from their beginning.
        arguments = each.arguments + (0 if each.tool else arguments)
        tool = each.tool or tool
    return Heard(
        "".join(each.text for each in heard),
        sum(each.thinking for each in heard),
        tool,
        arguments,
        sum(each.pieces for each in heard),
    )
