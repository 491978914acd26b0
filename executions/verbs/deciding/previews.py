"""The cost of a decision, said before it is made: which steps run again, and which effects may
repeat.

A verb's function ``would`` returns its preview, of a type of its own. The API's document is made
from that type, so its fields are described where they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Annotated, Any

from pydantic import Field

from executions.journal.records import StepRecord
from executions.language import Workflow
from executions.language.walking.places import effect_at

INTERNAL = ("input", "iteration", "catch")


@dataclass(frozen=True, slots=True)
class Effects:
    """The effects of a verb, said before anything is done."""

    def as_json(self) -> dict[str, Any]:
        """As every door shows it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class RunsAgain:
    """A recorded step that is taken back and runs again."""

    path: str
    name: str
    kind: str
    status: str
    effect: Annotated[str, Field(description="pure, idempotent, at_most_once or transactional.")]
    may_repeat: Annotated[
        bool, Field(description="What it did to the world would be done once more.")
    ]


@dataclass(frozen=True, slots=True)
class Foreseen(Effects):
    """The effect of a verb on the steps of a run: ``kept`` finished ones stay as they are, and
    ``runs_again`` is done once more.
    """

    seq: int
    kept: Annotated[int, Field(description="How many finished steps stay as they are.")]
    runs_again: list[RunsAgain]

    @property
    def may_repeat(self) -> list[RunsAgain]:
        return [step for step in self.runs_again if step.may_repeat]

    def as_json(self) -> dict[str, Any]:
        """With what may repeat, where the type does not say it otherwise."""
        return {**asdict(self), "may_repeat": [asdict(step) for step in self.may_repeat]}


@dataclass(frozen=True, slots=True)
class OfJournal(Foreseen):
    """A preview of a verb that may be done, or is looked at, where the journal is not whole."""

    broken: Annotated[str, Field(description="Why the journal is not whole; empty where it is.")]
    last_good_seq: Annotated[
        int | None,
        Field(description="Where the journal is not whole: the last good checkpoint."),
    ]


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
