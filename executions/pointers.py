"""JSON pointers (RFC 6901): the place of one value inside another."""

from __future__ import annotations

from collections.abc import Iterable


def pointer_of(path: Iterable[object]) -> str:
    """The pointer of a path of keys and indexes; empty for the whole."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def path_of(pointer: str) -> list[str]:
    """The keys and indexes, as texts, that a pointer names."""
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
