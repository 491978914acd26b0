"""The row about branches: a hundred and a join in one worker, and as children across two, beside
DBOS in turn.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.load import Load
    from benchmarks.rows import Bench, Figures

BRANCHES, TURNS, RUNS, THEIR_RUNS = 100, 3, 5, 2
MARK = "{call: python, with: {function: bench.mark}}"
CHILD = "{run: {workflow: {namespace: benchmarks, name: branch-child, input: {}}}}"
FORK = "- all:\n    fork:\n      branches:\n%s- many: {set: {many: '${ length }'}}\n"


@dataclass(frozen=True, slots=True)
class Kind:
    """``task`` is a branch of ours, ``theirs`` what dbos_peer.py calls the same."""

    name: str
    workers: int
    task: str
    theirs: str


KINDS = (Kind("one_worker", 1, MARK, "at_once"), Kind("two_workers", 2, CHILD, "children"))


def branches(bench: Bench) -> Figures:
    """How long a run lasts: with steps as branches in one worker, beside DBOS's steps at once; and
    with runs of their own as branches on two workers, beside DBOS's children from a queue.
    """
    from benchmarks.others import DBOS, installed, made_ready

    ready = made_ready(DBOS, installed(DBOS), bench.folder / "redis.sock")
    many = bench.many(BRANCHES)
    bench.workflow("branch-child", f"- mark: {MARK}\n")
    figures: Figures = {"branches": many}
    for kind in KINDS:
        ours: list[float] = []
        theirs: list[float] = []
        work = _forked(bench, kind, many)
        for _ in range(TURNS):
            with bench.workers(kind.workers):
                ours.append(_lasted(work))
            with ready.working(kind.workers):
                ready.load(1, kind.theirs, many)
                times = ready.load(THEIR_RUNS, kind.theirs, many)
                theirs.append(median(ended - began for _, began, ended in times))
        figures[f"{kind.name}_ms"] = round(median(ours) * 1000, 1)
        figures[f"{kind.name}_dbos_ms"] = round(median(theirs) * 1000, 1)
        by = median(mine / their for mine, their in zip(ours, theirs, strict=True))
        figures[f"{kind.name}_by_dbos"] = round(by, 3)
    return figures


def _forked(bench: Bench, kind: Kind, many: int) -> Load:
    tasks = "".join(f"      - b{number}: {kind.task}\n" for number in range(many))
    return bench.workflow(f"branches-{kind.workers}", FORK % tasks)


def _lasted(work: Load) -> float:
    """Seconds from the claim of a run to its end, as the database says them; the first warms up."""
    from executions.models import Execution

    for _ in range(1 + RUNS):
        work.burst(1)
    rows = Execution.objects.filter(workflow=work.workflow).order_by("-id")[:RUNS]
    return median(
        (row.ended_at - row.started_at).total_seconds()
        for row in rows
        if row.ended_at is not None and row.started_at is not None
    )
