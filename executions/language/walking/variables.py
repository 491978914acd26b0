"""The variables at one place of a walk, in layers: a place adds its own and copies none.

Most tasks read the data alone, so what is costly to make is made when it is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from executions.pointers import path_of
from executions.values import timestamp


class Descriptor:
    """The DSL's task descriptor (``$task``) of a task at a pointer of the document, as it stood
    when it began.
    """

    __slots__ = ("_document", "_input", "_name", "_pointer", "_started_at")

    def __init__(
        self, name: str, pointer: str, document: Any, input: Any, started_at: datetime
    ) -> None:
        self._name, self._pointer, self._document = name, pointer, document
        self._input, self._started_at = input, started_at

    def made(self) -> dict[str, Any]:
        """Its JSON."""
        return {
            "name": self._name,
            "reference": self._pointer,
            "definition": _part_at(self._document, self._pointer),
            "input": self._input,
            "startedAt": date_time(self._started_at),
        }


class Variables(Mapping[str, Any]):
    """``own`` before those of ``outer``; a :class:`Descriptor` among them reads as its JSON."""

    __slots__ = ("_outer", "_own")

    def __init__(self, own: dict[str, Any], outer: Mapping[str, Any]) -> None:
        self._own, self._outer = own, outer

    def __getitem__(self, name: str) -> Any:
        try:
            value = self._own[name]
        except KeyError:
            return self._outer[name]
        if type(value) is Descriptor:
            value = self._own[name] = value.made()
        return value

    def __contains__(self, name: object) -> bool:
        return name in self._own or name in self._outer

    def __iter__(self) -> Iterator[str]:
        yield from self._outer
        yield from (name for name in self._own if name not in self._outer)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def date_time(moment: datetime) -> dict[str, Any]:
    """The DSL's date-time descriptor."""
    milliseconds = int(moment.timestamp() * 1000)
    return {
        "iso8601": timestamp(moment),
        "epoch": {"seconds": milliseconds // 1000, "milliseconds": milliseconds},
    }


def _part_at(document: Any, pointer: str) -> Any:
    """The part of the document that a task's pointer names."""
    part = document
    for key in path_of(pointer):
        part = part[int(key)] if isinstance(part, list) else part[key]
    return part
