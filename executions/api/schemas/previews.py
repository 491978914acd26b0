"""The effects of a verb, said before anything is done."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from executions.states import Phase


class RunsAgain(BaseModel):
    """A recorded step that is taken back and runs again."""

    path: str
    name: str
    kind: str
    status: str
    effect: str = Field(description="pure, idempotent, at_most_once or transactional.")
    may_repeat: bool = Field(description="What it did to the world would be done once more.")


class _Seen(BaseModel):
    """The fields of every preview. ``seq`` is for If-Match: what is done is then what was shown."""

    seq: int
    kept: int = Field(description="How many finished steps stay as they are.")
    runs_again: list[RunsAgain]


class _Preview(_Seen):
    """A preview of what may be done, or is looked at, where the journal is not whole."""

    broken: str = Field(description="Why the journal is not whole; empty where it is.")
    last_good_seq: int | None = Field(
        description="Where the journal is not whole: the last good checkpoint."
    )


class RestorePreview(_Preview):
    """What a restore to this checkpoint would do."""

    checkpoint_seq: int
    checkpoint_path: str = Field(description="Empty for the beginning.")
    stays: list[str] = Field(
        description="Paths of the branches beside that of the checkpoint: they stay as they are."
    )


class ForkPreview(_Seen):
    """What a new run from this checkpoint would begin with: ``kept`` finished steps are its own.

    ``runs_again`` is what this run came to later; the new one does it once more.
    """

    checkpoint_seq: int
    checkpoint_path: str = Field(description="Empty for the beginning.")
    next_step: str = Field(description="The path at which the new run goes on.")


class AmendPreview(_Seen):
    """What another result of this call would do."""

    step_seq: int
    step_path: str
    step_name: str
    next_step: str = Field(description="The path at which it goes on.")


class UndoPreview(_Seen):
    """What taking the latest restore back would do: of what stands again, ``runs_again`` was not
    finished and goes on.
    """

    checkpoint_seq: int = Field(description="To which it was restored; 0 is the beginning.")
    comes_back: list[RunsAgain] = Field(description="What stands again.")
    set_aside: list[RunsAgain] = Field(
        description=(
            "What ran since the restore. With may_repeat: what it did to the world stays done."
        )
    )


class Misfit(BaseModel):
    """A recorded step that has no place in the other version."""

    path: str
    why: str


class GoesOn(BaseModel):
    """What the other version would do first."""

    how: Literal["runs", "waits", "completes", "fails"]
    path: str
    name: str
    reason: str = Field(description="Why it would fail.")


class RecoverPreview(_Preview):
    """What going on with another version would do."""

    present: int = Field(description="The number of the version that it follows now.")
    version: int
    fits: bool = Field(
        description="False where there are misfits or the journal is broken: nothing would be done."
    )
    misfits: list[Misfit]
    goes_on: GoesOn | None
    is_new_operation: bool = Field(
        description="The failed step asks for something else, so its key is a new one."
    )


class OverridePreview(BaseModel):
    """The phases that an administrator may put it into now."""

    seq: int
    phase: Phase
    choices: list[Phase]
