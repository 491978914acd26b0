"""The place of a step in its execution: task names from the root, never list positions.

``/checkout/charge``       the task charge in the list of checkout
``/charge#2``              its second visit (``then`` went back)
``/importRows/@3/parse``   the fourth iteration of a loop
``/guard/try@2/charge``    the second try of a guarded block
``/guard/catch@1``         what its first catch decided
``/~workspace``            the workspace of the run, made before its tasks: no task has this path
Names are escaped as in JSON pointers (RFC 6901), and ``@`` and ``#`` as well.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

WORKSPACE = "/~workspace"
_ESCAPES = (("~", "~0"), ("/", "~1"), ("@", "~2"), ("#", "~3"))


@lru_cache(maxsize=2048)
def escape(name: str) -> str:
    for plain, escaped in _ESCAPES:
        name = name.replace(plain, escaped)
    return name


def unescape(segment: str) -> str:
    if segment == WORKSPACE[1:]:
        return segment[1:]
    for plain, escaped in reversed(_ESCAPES):
        segment = segment.replace(escaped, plain)
    return segment


def task_path(prefix: str, name: str, visit: int) -> str:
    """The path of a task inside ``prefix`` on its ``visit``-th visit (1 is the first)."""
    return f"{prefix}/{escape(name)}" + (f"#{visit}" if visit > 1 else "")


def iteration_path(prefix: str, index: int) -> str:
    return f"{prefix}/@{index}"


def try_path(prefix: str, attempt: int) -> str:
    return f"{prefix}/try@{attempt}"


def catch_path(prefix: str, attempt: int) -> str:
    return f"{prefix}/catch@{attempt}"


def try_number(path: str, guarded: str) -> int | None:
    """Which try of the guarded block at ``guarded`` the ``path`` stands in; None where it is in
    none.
    """
    if not is_inside(path, guarded):
        return None
    kind, _, number = path[len(guarded) + 1 :].partition("/")[0].partition("@")
    return int(number) if kind == "try" and number else None


def is_inside(path: str, ancestor: str) -> bool:
    """Whether ``path`` stands below ``ancestor`` (``""`` is the whole execution)."""
    return path.startswith(ancestor + "/")


def children_of(paths: Iterable[str]) -> dict[str, list[str]]:
    """Each path above one of these (``""`` is the root), with the paths right below it."""
    below: dict[str, list[str]] = {}
    linked: set[str] = set()
    for path in paths:
        while path and path not in linked:
            linked.add(path)
            above = path.rpartition("/")[0]
            below.setdefault(above, []).append(path)
            path = above
    return below


def ancestors(path: str) -> list[str]:
    """Every path above this one, the nearest first; the root is not a path."""
    parts = path.split("/")[1:-1]
    return ["/" + "/".join(parts[:count]) for count in range(len(parts), 0, -1)]
