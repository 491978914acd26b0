"""Branches side by side: the steps of a run in the order of its branches, not in that of time.

A step of a branch stands in a lane: the lanes of one fork are numbered in the order in which they
began, and each names its branch where it begins.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from executions.journal.paths import ancestors, is_inside, unescape


class Placed(Protocol):
    path: str


S = TypeVar("S", bound=Placed)


@dataclass(frozen=True, slots=True)
class Lane:
    """Where a step stands beside others: the number of its branch, and the branch's name at its
    first step (empty elsewhere).
    """

    number: int
    name: str = ""

    @property
    def is_odd(self) -> bool:
        return self.number % 2 == 1


def arranged(steps: Sequence[S], forks: Collection[str]) -> list[tuple[S, Lane | None]]:
    """The steps with those of each branch together, right after the step that forked.

    ``forks`` are the paths of the steps that forked. What stands in no branch has no lane; of
    several forks around a step the innermost counts.
    """
    if not forks:
        return [(step, None) for step in steps]
    return list(_below("", steps, forks, None))


def _below(
    above: str, steps: Sequence[S], forks: Collection[str], lane: Lane | None
) -> Iterable[tuple[S, Lane | None]]:
    """Those below the branch or the whole run ``above``, in the order in which they began."""
    branches: dict[str, dict[str, list[S]]] = {}
    order: list[tuple[str, S | None]] = []
    for step in steps:
        fork = _outermost(step.path, above, forks)
        if not fork:
            order.append((step.path, step))
            continue
        if fork not in branches:
            branches[fork] = {}
            order.append((fork, None))
        segment = step.path[len(fork) + 1 :].partition("/")[0]
        branches[fork].setdefault(segment, []).append(step)
    for path, own in order:
        if own is not None:
            yield own, lane
            lane = Lane(lane.number) if lane is not None else None
            continue
        for number, (segment, inside) in enumerate(branches[path].items()):
            inner = Lane(number, named(segment))
            yield from _below(f"{path}/{segment}", inside, forks, inner)


def _outermost(path: str, above: str, forks: Collection[str]) -> str:
    """The first fork on the way down from ``above`` to the step; empty where there is none."""
    found = [each for each in ancestors(path) if each in forks and is_inside(each, above)]
    # The branch itself may be what forks again.
    if above in forks and is_inside(path, above) and above:
        found.append(above)
    return found[-1] if found else ""


def named(segment: str) -> str:
    """A branch as people call it: by its name, or by the number of its round."""
    if segment.startswith("@"):
        return f"round {int(segment[1:]) + 1}"
    return unescape(segment)
