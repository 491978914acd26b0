"""The effect of a fork, of another result, and of taking a restore back, said before it is done.

Each is planned by the very function that does it, and nothing is written.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Annotated, Any

from django.contrib.auth.models import User
from pydantic import Field

from executions.driving.chain import examine
from executions.driving.lease import load_records
from executions.driving.versions import parsed_for
from executions.errors import Refused
from executions.journal.decided import Decision
from executions.journal.records import DECISION, StepRecord
from executions.models import Execution
from executions.said import Said
from executions.verbs.deciding import amend, fork, restore
from executions.verbs.deciding.case import Case
from executions.verbs.deciding.opening import check_allowed, check_phase
from executions.verbs.deciding.previews import Foreseen, RunsAgain, what_runs_again
from executions.verbs.deciding.supplied import UNSET


@dataclass(frozen=True, slots=True)
class ForkPreview(Foreseen):
    """The beginning of a new run from this checkpoint: ``kept`` finished steps are its own.

    ``runs_again`` is what this run came to later; the new one does it once more.
    """

    checkpoint_seq: int
    checkpoint_path: Annotated[str, Field(description="Empty for the beginning.")]
    next_step: Annotated[str, Field(description="The path at which the new run goes on.")]


@dataclass(frozen=True, slots=True)
class AmendPreview(Foreseen):
    """The effect of another result of this call."""

    step_seq: int
    step_path: str
    step_name: str
    next_step: Annotated[str, Field(description="The path at which it goes on.")]


@dataclass(frozen=True, slots=True)
class UndoPreview(Foreseen):
    """The effect of taking the latest restore back: of what stands again, ``runs_again`` was not
    finished and goes on.
    """

    checkpoint_seq: Annotated[
        int, Field(description="To which it was restored; 0 is the beginning.")
    ]
    comes_back: Annotated[list[RunsAgain], Field(description="What stands again.")]
    set_aside: Annotated[
        list[RunsAgain],
        Field(
            description=(
                "What ran since the restore. With may_repeat: what it did to the world stays done."
            )
        ),
    ]

    @property
    def stays_done(self) -> list[RunsAgain]:
        return [step for step in self.set_aside if step.may_repeat]

    def as_json(self) -> dict[str, Any]:
        """With what stays done; no effect of a step is repeated."""
        return {**asdict(self), "stays_done": [asdict(step) for step in self.stays_done]}


def of_fork(
    execution_id: uuid.UUID, actor: User, checkpoint_seq: int, output: Any = UNSET
) -> ForkPreview:
    """The effect of ``fork`` now. Raises Refused as it would."""
    case = _looked_at(execution_id, actor, fork.VERB)
    fork.check_forkable(case.execution)
    checkpoint, copies = fork.begin_with(case, checkpoint_seq, output)
    begun_with = {record.path for record in copies if record.is_finished()}
    again = [record for path, record in case.records.items() if path not in begun_with]
    return ForkPreview(
        seq=case.execution.head_seq,
        checkpoint_seq=checkpoint_seq,
        checkpoint_path=checkpoint.path if checkpoint else "",
        kept=len(begun_with),
        next_step=case.columns["current_step"],
        runs_again=_named(case, again),
    )


def of_amend(
    execution_id: uuid.UUID, actor: User, step_seq: int, output: Any = UNSET
) -> AmendPreview:
    """The effect of ``amend`` now. Raises Refused as it would."""
    case = _looked_at(execution_id, actor, amend.VERB)
    call = amend.go_back_to_call(case, step_seq, output)
    return AmendPreview(
        seq=case.execution.head_seq,
        step_seq=step_seq,
        step_path=call.path,
        step_name=call.name,
        kept=_kept(case) - 1,
        next_step=case.columns["current_step"],
        runs_again=_named(case, case.superseded),
    )


def of_undo(execution_id: uuid.UUID, actor: User) -> UndoPreview:
    """The effect of ``undo_restore`` now. Raises Refused as it would, but for the reason."""
    case = _looked_at(execution_id, actor, restore.UNDO)
    restored = restore.take_restore_back(case)
    open_again = [record for record in case.reinstated if not record.is_finished()]
    standing = _ids(case.records.values())
    return UndoPreview(
        seq=case.execution.head_seq,
        checkpoint_seq=Decision.of(restored).checkpoint or restore.BEGINNING,
        kept=_kept(case),
        comes_back=_named(case, [*case.reinstated, *case.written]),
        set_aside=_named(case, [r for r in case.superseded if r.id in standing]),
        runs_again=_named(case, [*open_again, *case.written]),
    )


def _looked_at(execution_id: uuid.UUID, actor: User, verb: str) -> Case:
    """The run as it stands; nothing is locked. Raises Refused as the verb would."""
    execution = Execution.objects.select_related("version").get(pk=execution_id)
    check_allowed(execution, actor, verb)
    check_phase(execution, verb)
    broken = examine(execution)
    if broken is not None:
        raise Refused(
            "corrupt",
            Said("The journal is not whole: {why}.", why=broken.text),
            state=execution.phase,
            remedy=broken.remedy(),
        )
    return Case(execution, {r.path: r for r in load_records(execution_id)}, actor, verb)


def _kept(case: Case) -> int:
    gone = _ids(case.superseded)
    return sum(r.is_finished() and r.id not in gone for r in case.records.values())


def _ids(records: Iterable[StepRecord]) -> set[uuid.UUID]:
    return {record.id for record in records}


def _named(case: Case, records: Iterable[StepRecord]) -> list[RunsAgain]:
    steps = [record for record in records if record.kind != DECISION]
    return what_runs_again(parsed_for(case.execution).workflow, steps)
