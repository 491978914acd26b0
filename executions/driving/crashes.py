"""The crashes of processes that drove an execution, counted since its last finished step.

A crash that it suffered alone may be its own doing; one that it shared tells little. After two, or
after one in the middle of a function that runs inside the worker, it is driven alone, in a process
that holds nothing else, and after LONELY_CRASHES lonely ones it is set aside for a person.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from executions.models import Execution, Process

CRASHES_BEFORE_ALONE = 2
LONELY_CRASHES = 5
KEPT = 10
STOPPED = "stopped"
REBOOTED = "its host was started anew"
RESTORED = "the database was restored from a backup"
SILENT = "its heartbeat stopped"


@dataclass(frozen=True, slots=True)
class Crashes:
    """``digest`` is the journal's head at the last crash: another one means that it made progress
    meanwhile.
    """

    digest: str = ""
    shared: int = 0
    alone: int = 0
    last: list[dict[str, Any]] = field(default_factory=list)

    def is_to_be_alone(self) -> bool:
        return self.shared >= CRASHES_BEFORE_ALONE or self.alone >= CRASHES_BEFORE_ALONE

    def is_enough(self) -> bool:
        return self.alone >= LONELY_CRASHES

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def evidence(self) -> str:
        """One sentence for the person who has to decide."""
        deaths = ", ".join(dict.fromkeys(str(crash["death"]) for crash in self.last))
        steps = ", ".join(dict.fromkeys(str(crash["step"]) for crash in self.last if crash["step"]))
        where = f" at step {steps}" if steps else ""
        return (
            f"The process that drove it ended {self.alone} times in a row{where} ({deaths}),"
            " driving nothing else."
        )


def after_crash(execution: Execution, process: Process) -> Crashes:
    """The count with the crash of ``process`` added; one that ended with its host or in order did
    not crash.
    """
    before = Crashes(**execution.crashes) if execution.crashes else Crashes()
    if before.digest != execution.head_digest:
        before = Crashes(digest=execution.head_digest)
    if process.death in (STOPPED, REBOOTED, RESTORED):
        return before
    was_alone = process.held_at_death <= 1
    crash = {
        "at": process.dead_at.isoformat() if process.dead_at else "",
        "process": str(process),
        "death": process.death,
        "step": execution.current_step,
        "alone": was_alone,
    }
    return Crashes(
        execution.head_digest,
        before.shared + (not was_alone),
        before.alone + was_alone,
        [*before.last, crash][-KEPT:],
    )
