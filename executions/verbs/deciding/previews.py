"""The cost of a decision, said before it is made: which steps run again, and which effects may
repeat.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from executions.journal.records import StepRecord
from executions.language import Workflow
from executions.language.walking.places import effect_at

INTERNAL = ("input", "iteration", "catch")


@dataclass(frozen=True, slots=True)
class RunsAgain:
    """A step that is taken back. ``may_repeat``: what it did to the world would be done once
    more.
    """

    path: str
    name: str
    kind: str
    status: str
    effect: str
    may_repeat: bool


@dataclass(frozen=True, slots=True)
class Foreseen:
    """The effect of a verb at the sequence ``seq``: ``kept`` finished steps stay as they are, and
    ``runs_again`` is done once more.
    """

    seq: int
    kept: int
    runs_again: list[RunsAgain]

    @property
    def may_repeat(self) -> list[RunsAgain]:
        return [step for step in self.runs_again if step.may_repeat]

    def as_json(self) -> dict[str, Any]:
        """As pages, forms and proposals show it."""
        return {**asdict(self), "may_repeat": [asdict(step) for step in self.may_repeat]}


def what_runs_again(workflow: Workflow, records: Iterable[StepRecord]) -> list[RunsAgain]:
    """These steps in the order in which they ran, those that are still open last; the walk's own
    records left out.
    """
    runs_again = []
    for record in sorted(records, key=lambda r: (r.seq is None, r.seq or 0)):
        if record.kind not in INTERNAL:
            effect = effect_at(workflow, record.path, record.arguments)
            repeats = effect != "pure" and record.arguments is not None
            runs_again.append(
                RunsAgain(
                    record.path, record.name, record.kind, str(record.status), effect, repeats
                )
            )
    return runs_again
