"""How far a run has come, said of the nodes of its definition."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from dashboard.graph.nodes import key_of
from dashboard.trail import is_round
from executions.journal.paths import ancestors, is_inside
from executions.states import OPEN_STATUSES, StepStatus


@dataclass(slots=True)
class Mark:
    """``status`` of the step that matters most at this node; ``count`` is how often it was
    visited, ``path`` the step that was met last. ``is_caught``: it failed, and the run went on.
    """

    status: str
    count: int = 0
    is_here: bool = False
    is_caught: bool = False
    path: str = ""

    @property
    def look(self) -> str:
        """The status as it is drawn: what was caught is no failure of the run."""
        return "CAUGHT" if self.is_caught else self.status


def marks(steps: Iterable[tuple[str, str]], stopped_at: Collection[str]) -> dict[str, Mark]:
    """``steps``: path and status of those that stand, oldest first.

    ``stopped_at`` are the paths at which a failed run stands, and those around them.
    """
    by_key: dict[str, Mark] = {}
    open_: list[str] = []
    around = {above for path in stopped_at for above in ancestors(path)}
    for path, status in steps:
        mark = by_key.setdefault(key_of(path), Mark(status))
        mark.count += 1
        if status in OPEN_STATUSES or mark.status not in OPEN_STATUSES:
            mark.status = status
        if status in OPEN_STATUSES:
            open_.append(path)
        mark.path = path
        mark.is_caught = status == StepStatus.FAILED and path not in stopped_at
        stops = path in stopped_at and path not in around
        mark.is_here = mark.is_here or (stops and status == StepStatus.FAILED)
    for path in open_:
        # A composite is open as long as something in it is. Beside branches that failed, others
        # stand by: a failed run stands at what failed.
        if not stopped_at and not any(is_inside(other, path) for other in open_):
            by_key[key_of(path)].is_here = True
    return by_key


def rounds(steps: Iterable[tuple[str, str]]) -> dict[str, int]:
    """How many rounds each loop has begun, by the key of its node."""
    seen: dict[str, set[str]] = {}
    for path, _ in steps:
        above = ""
        for segment in path.split("/")[1:]:
            if is_round(segment):
                seen.setdefault(key_of(above), set()).add(f"{above}/{segment}")
            above = f"{above}/{segment}"
    return {key: len(paths) for key, paths in seen.items()}
