"""The reach of a restore: branches beside the one that holds the checkpoint go on from where they
stand.

Causally after a checkpoint is what came later and what is open, but for what stands in another
branch of a fork around it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from executions.journal.decided import Forked
from executions.journal.paths import ancestors, is_inside
from executions.journal.records import StepRecord
from executions.states import StepStatus


@dataclass(slots=True)
class Parted:
    """The standing steps of a run, seen from a checkpoint.

    ``kept`` are finished and stay, ``spared`` are the open ones of branches beside it, ``closed``
    are those of them that were closed as the run was cancelled. ``taken_back`` is the rest.
    """

    kept: list[StepRecord] = field(default_factory=list)
    spared: list[StepRecord] = field(default_factory=list)
    closed: list[StepRecord] = field(default_factory=list)
    taken_back: list[StepRecord] = field(default_factory=list)
    # The paths of the branches beside it, as far as they have begun.
    beside: list[str] = field(default_factory=list)


def parted(
    records: Iterable[StepRecord], checkpoint: StepRecord | None, seq: int, *, is_whole: bool = True
) -> Parted:
    """``is_whole`` is False where the journal is broken behind the checkpoint: nothing of that is
    left then.
    """
    by_path = {record.path: record for record in records}
    around = forks_around(by_path, checkpoint.path) if checkpoint is not None and is_whole else {}
    parts = Parted()
    for record in by_path.values():
        branch = _other_branch(record.path, around)
        if branch and branch not in parts.beside:
            parts.beside.append(branch)
        if record.is_finished() and record.seq is not None and (branch or record.seq <= seq):
            parts.kept.append(record)
        elif branch and record.status != StepStatus.CANCELLED:
            parts.spared.append(record)
        elif branch and not _is_answered(by_path, record.path):
            parts.closed.append(record)
        elif branch:
            # It had lost, or was given up, before: that stays as it was.
            parts.kept.append(record)
        else:
            parts.taken_back.append(record)
    return parts


def forks_around(records: Mapping[str, StepRecord], path: str) -> dict[str, str]:
    """The forks around a step, each with the part of the path that is this step's own branch."""
    forks = {}
    for above in ancestors(path):
        record = records.get(above)
        if record is not None and Forked.of(record).branches is not None:
            forks[above] = segment_below(path, above)
    return forks


def segment_below(path: str, above: str) -> str:
    """The first part of a path below another one."""
    return path[len(above) + 1 :].partition("/")[0]


def _other_branch(path: str, around: Mapping[str, str]) -> str:
    for fork, own in around.items():
        if is_inside(path, fork) and (other := segment_below(path, fork)) != own:
            return f"{fork}/{other}"
    return ""


def _is_answered(records: Mapping[str, StepRecord], path: str) -> bool:
    return any(above in records and records[above].is_finished() for above in ancestors(path))
