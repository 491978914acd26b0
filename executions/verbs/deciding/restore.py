"""Going back to a checkpoint: what was finished up to it stands, everything after it is superseded
and runs again.

Nothing is deleted, so that a restore can itself be undone. Effects that run again are new
operations with new keys.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated

from django.contrib.auth.models import User
from django.db.models import Max
from pydantic import Field

from executions import clock
from executions.driving import report, stopping
from executions.driving.chain import Broken, examine, is_checkpoint
from executions.driving.lease import load_records
from executions.driving.versions import parsed_for
from executions.errors import Refused
from executions.ids import uuid7
from executions.journal.decided import Call, Child, Cut, Decision, Forked
from executions.journal.events import EventName
from executions.journal.paths import WORKSPACE, ancestors
from executions.journal.records import DECISION, JOURNAL_FORMAT, StepRecord
from executions.models import Execution, Step
from executions.models.rows import RECORD_FIELDS, record_of
from executions.models.transactions import persistent
from executions.said import Said
from executions.states import ACTIVE_PHASES, StepStatus
from executions.verbs.deciding.case import Case, Decided, write
from executions.verbs.deciding.decisions import audited
from executions.verbs.deciding.opening import Opening, check_allowed, check_phase
from executions.verbs.deciding.parted import forks_around, parted
from executions.verbs.deciding.previews import INTERNAL, OfJournal, what_runs_again

BEGINNING = 0
RESTORE, UNDO = "restore", "undo restore"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A place to go back to."""

    seq: int
    path: str
    name: str
    kind: str
    finished_at: str | None


@dataclass(frozen=True, slots=True)
class RestorePreview(OfJournal):
    """The effect of a restore to this checkpoint."""

    checkpoint_seq: int
    checkpoint_path: Annotated[str, Field(description="Empty for the beginning.")]
    stays: Annotated[
        list[str],
        Field(
            description=(
                "Paths of the branches beside that of the checkpoint: they stay as they are."
            )
        ),
    ]


def checkpoints(execution: Execution) -> list[Checkpoint]:
    """The checkpoints to which this execution can be restored, newest first; the beginning (0) is
    always possible and not listed.
    """
    records = [
        r
        for r in load_records(execution.pk)
        if is_checkpoint(r) and r.seq and r.kind not in INTERNAL
    ]
    records.sort(key=lambda record: record.seq or 0, reverse=True)
    return [
        Checkpoint(r.seq or 0, r.path, r.name, r.kind, report.timestamp(r.finished_at))
        for r in records
    ]


def latest_restore(execution: Execution) -> StepRecord | None:
    """The restore that stands and could be undone."""
    rows = Step.objects.filter(execution=execution, kind=DECISION, name=RESTORE, superseded_by=None)
    row = rows.order_by("-seq").values_list(*RECORD_FIELDS).first()
    return None if row is None else record_of(row)


def preview(execution_id: uuid.UUID, actor: User, checkpoint_seq: int) -> RestorePreview:
    """The effect of ``restore`` now. Raises Refused as it would, but for the reason."""
    execution = Execution.objects.get(pk=execution_id)
    check_allowed(execution, actor, RESTORE)
    check_phase(execution, RESTORE)
    records = load_records(execution_id)
    broken = examine(execution)
    checkpoint = _checkpoint(execution, records, checkpoint_seq, broken)
    parts = parted(records, checkpoint, checkpoint_seq, is_whole=broken is None)
    again = what_runs_again(parsed_for(execution).workflow, parts.taken_back)
    path = checkpoint.path if checkpoint else ""
    broken_text, last_good = (broken.text, broken.last_good_seq) if broken else ("", None)
    return RestorePreview(
        seq=execution.head_seq,
        kept=len(parts.kept),
        runs_again=again,
        checkpoint_seq=checkpoint_seq,
        checkpoint_path=path,
        broken=broken_text,
        last_good_seq=last_good,
        stays=parts.beside,
    )


@persistent
def restore(
    execution_id: uuid.UUID,
    actor: User,
    checkpoint_seq: int,
    *,
    expected_seq: int | None = None,
    reason: str,
) -> Decided:
    """Go back to the finished step with this seq (0: to the beginning) and run on from there.

    Raises Refused.
    """

    def work(case: Case) -> Decided:
        _check_reason(reason, case.execution)
        return _restore(case, checkpoint_seq)

    below = partial(cancel_what_is_taken_back, execution_id, checkpoint_seq)
    return audited(
        Opening(
            execution_id,
            actor,
            RESTORE,
            expected_seq,
            reason,
            takes_broken=True,
            before=below,
        ),
        work,
    )


@persistent
def undo_restore(
    execution_id: uuid.UUID, actor: User, *, expected_seq: int | None = None, reason: str
) -> Decided:
    """Take the latest restore back: what ran after it is superseded, what it superseded stands
    again.
    """

    def work(case: Case) -> Decided:
        _check_reason(reason, case.execution)
        return _undo(case)

    return audited(Opening(execution_id, actor, UNDO, expected_seq, reason), work)


def _restore(case: Case, checkpoint_seq: int) -> Decided:
    checkpoint = go_back(case, checkpoint_seq)
    case.made.checkpoint = checkpoint_seq
    return _written(case, EventName.RESTORED, checkpoint)


def go_back(case: Case, checkpoint_seq: int) -> StepRecord | None:
    """Take back what came after a checkpoint, which is given (None: the beginning). Nothing is
    written yet. Raises Refused.
    """
    execution, records, broken = case.execution, list(case.records.values()), case.broken
    checkpoint = _checkpoint(execution, records, checkpoint_seq, broken)
    parts = parted(records, checkpoint, checkpoint_seq, is_whole=broken is None)
    highest = (
        Step.objects.filter(execution=execution).aggregate(highest=Max("generation"))["highest"]
        or 1
    )
    generation = max(highest, execution.generation) + 1
    around = {above for left in (*parts.kept, *parts.spared) for above in ancestors(left.path)}
    forks = forks_around(case.records, checkpoint.path) if checkpoint is not None else {}
    for record in parts.taken_back:
        if record.path in around:
            control = case.counted_anew(record)
            if record.path in forks:
                _raise_in_branch(Forked(control), forks[record.path], execution, generation)
            case.reopen(record, status=StepStatus.RUNNING, control=control)
        else:
            case.superseded.append(record)
    for record in parts.closed:
        case.superseded.append(record)
        case.written.append(_as_it_was_begun(record))
    if any(record.path == WORKSPACE for record in case.superseded):
        # Another one is made, wherever the run goes on.
        case.columns["host"] = ""
    if broken is not None:
        case.chained_on = checkpoint.digest if checkpoint else ""
        case.made.cut = Cut.made(after=checkpoint_seq, before=execution.head_seq + 1)
    case.columns |= {
        "generation": generation,
        "last_checkpoint_at": checkpoint.finished_at if checkpoint else None,
    }
    case.goes_on_after(checkpoint.path if checkpoint else "")
    return checkpoint


def _undo(case: Case) -> Decided:
    take_restore_back(case)
    return _written(case, EventName.RESTORE_UNDONE, None)


def take_restore_back(case: Case) -> StepRecord:
    """Set aside what ran since the latest restore, and let stand again what it had set aside.
    Nothing is written yet. Returns the restore; raises Refused.
    """
    execution = case.execution
    restored = latest_restore(execution)
    if restored is None:
        raise Refused("conflict", "There is no restore to undo.", state=execution.phase)
    was = Decision.of(restored)
    if was.cut is not None:
        why = Said("what it took back was not as it had been written")
        raise Refused(
            "corrupt",
            Said("The restore cannot be undone: {why}.", why=why),
            state=execution.phase,
            remedy="Restore to another checkpoint instead.",
        )
    records, seq = list(case.records.values()), was.checkpoint or BEGINNING
    checkpoint = next((record for record in records if record.seq == seq), None)
    case.superseded = parted(records, checkpoint, seq).taken_back
    case.superseded.append(restored)
    assert restored.seq is not None
    case.made.undoes = restored.seq
    reinstates = case.made.reinstates = []
    taken_back = Step.objects.filter(execution=execution, superseded_by=restored.id).values_list(
        *RECORD_FIELDS
    )
    for record in map(record_of, taken_back):
        reinstates.append(record.path)
        if record.status == StepStatus.CANCELLED:
            case.superseded.append(record)
            case.written.append(_as_it_was_begun(record))
        else:
            case.reinstated.append(record)
    return restored


def _as_it_was_begun(record: StepRecord) -> StepRecord:
    """A step that was closed when its execution was cancelled, open again; what may have happened
    is asked about.
    """
    is_effect = record.is_call and record.arguments is not None
    may_have_happened = Call.of(record).outcome_unknown or not is_effect
    status = StepStatus.RUNNING if may_have_happened else StepStatus.RETRYING
    return replace(
        record,
        id=uuid7(),
        seq=None,
        digest="",
        status=status,
        finished_at=None,
        superseded_by_id=None,
        waiting_for="",
    )


def _written(case: Case, name: EventName, checkpoint: StepRecord | None) -> Decided:
    execution = case.execution
    event = report.plain(
        name,
        execution,
        clock.now(),
        case.actor.pk,
        reason=case.reason,
        checkpoint_seq=case.made.checkpoint,
        path=checkpoint.path if checkpoint else "",
    )
    return write(case, [event])


def _raise_in_branch(forked: Forked, segment: str, execution: Execution, generation: int) -> None:
    """Calls that begin in this branch are other operations from now on; in those beside it they go
    on as before. A race is open again.
    """
    before = forked.generation or execution.generation
    forked.generations = {**(forked.generations or {}), segment: generation}
    forked.generation = before
    del forked.winner


def cancel_what_is_taken_back(execution_id: uuid.UUID, checkpoint_seq: int) -> None:
    """Cancel the runs that it waits for, but for those of branches that are left alone."""
    records = load_records(execution_id)
    checkpoint = next((record for record in records if record.seq == checkpoint_seq), None)
    left = parted(records, checkpoint, checkpoint_seq).spared
    kept = {Child.of(record).child for record in left}
    for child in stopping.awaited_children(execution_id).filter(phase__in=ACTIVE_PHASES):
        if child.pk not in kept:
            stopping.cancel_with_children(child.pk)


def _checkpoint(
    execution: Execution, records: list[StepRecord], seq: int, broken: Broken | None
) -> StepRecord | None:
    """The step to go back to; None for the beginning."""
    if execution.journal_format > JOURNAL_FORMAT:
        assert broken is not None
        raise Refused(
            "corrupt",
            Said("It cannot be restored: {why}.", why=broken.text),
            state=execution.phase,
            remedy="Upgrade Stigmer first.",
        )
    if seq == BEGINNING:
        return None
    checkpoint = next(
        (record for record in records if record.seq == seq and is_checkpoint(record)), None
    )
    if checkpoint is None:
        raise Refused(
            "invalid",
            Said("There is no checkpoint {seq} that stands.", seq=seq),
            state=execution.phase,
            remedy="Choose one of the listed checkpoints, or 0 for the beginning.",
        )
    if broken is not None and seq > broken.last_good_seq:
        raise Refused(
            "corrupt",
            Said("Checkpoint {seq} is not good: {why}.", seq=seq, why=broken.text),
            state=execution.phase,
            remedy=broken.remedy(),
        )
    return checkpoint


def _check_reason(reason: str, execution: Execution) -> None:
    if not reason.strip():
        raise Refused(
            "invalid",
            "A reason is needed.",
            state=execution.phase,
            remedy="Say why, for the audit trail.",
        )
