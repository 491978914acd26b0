"""How far a run has come, said of the nodes of its definition."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from dashboard.graph.nodes import key_of
from executions.journal.paths import ancestors, is_inside
from executions.states import OPEN_STATUSES, StepStatus


@dataclass(slots=True)
class Mark:
    """``status`` of the step that matters most at this node; ``count`` is how often it was
    visited.
    """

    status: str
    count: int = 0
    is_here: bool = False


def marks(steps: Iterable[tuple[str, str]], stopped_at: Collection[str]) -> dict[str, Mark]:
    """``steps``: path and status of those that stand, oldest first.

    ``stopped_at`` are the paths at which a failed run stands, and those around them.
    """
    found: dict[str, Mark] = {}
    open_: list[str] = []
    around = {above for path in stopped_at for above in ancestors(path)}
    for path, status in steps:
        mark = found.setdefault(key_of(path), Mark(status))
        mark.count += 1
        if status in OPEN_STATUSES or mark.status not in OPEN_STATUSES:
            mark.status = status
        if status in OPEN_STATUSES:
            open_.append(path)
        stops = path in stopped_at and path not in around
        mark.is_here = mark.is_here or (stops and status == StepStatus.FAILED)
    for path in open_:
        # A composite is open as long as something in it is. Beside branches that failed, others
        # stand by: a failed run stands at what failed.
        if not stopped_at and not any(is_inside(other, path) for other in open_):
            found[key_of(path)].is_here = True
    return found
