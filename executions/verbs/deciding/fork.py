"""A new run that begins with what another one had finished at a checkpoint, and goes on from there.

The steps that would stand after a restore to the checkpoint are copied: finished steps as they are,
what is open around them, never a call that is under way. Its effects are operations of its own.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from functools import partial
from typing import Any

from django.contrib.auth.models import User

from executions import audit, clock
from executions.driving import report
from executions.errors import Refused
from executions.ids import uuid7
from executions.intake.create_execution import WORKFLOW_EXECUTION_FORK, check_input
from executions.intake.execution_draft import ExecutionDraft
from executions.journal.decided import Decision
from executions.journal.events import EventName
from executions.journal.links import link
from executions.journal.records import DECISION, StepRecord
from executions.language import KINDS
from executions.models import Execution
from executions.models.move import Move, Standing
from executions.models.moves import apply
from executions.models.transactions import persistent
from executions.states import Phase, Runner, StepStatus
from executions.verbs.deciding.case import Case, Decided
from executions.verbs.deciding.decisions import audited, check_storable
from executions.verbs.deciding.opening import Opening
from executions.verbs.deciding.restore import go_back
from executions.verbs.deciding.supplied import UNSET, check_output

VERB = "fork"
_AROUND = frozenset(kind for kind, row in KINDS.items() if row.lists)


@persistent
def fork(
    execution_id: uuid.UUID,
    actor: User,
    *,
    checkpoint_seq: int,
    output: Any = UNSET,
    expected_seq: int | None = None,
    reason: str = "",
) -> Decided:
    """Begin a new run of this person after the finished step with this seq (0: the beginning, where
    ``output`` is another input).

    The answer is about the new run. Raises Refused, and then nothing is changed.
    """
    opening = Opening(execution_id, actor, VERB, expected_seq, reason)
    return audited(opening, partial(_fork, checkpoint_seq=checkpoint_seq, output=output))


def _fork(case: Case, *, checkpoint_seq: int, output: Any) -> Decided:
    original = case.execution
    check_forkable(original)
    is_edited = output is not UNSET
    checkpoint, copies = begin_with(case, checkpoint_seq, output)
    at_begin = checkpoint is None and is_edited
    new = _created(case, checkpoint_seq, output if at_begin else original.input)
    head_seq = _written(case, new, copies, checkpoint_seq, is_edited)
    audit.record(
        VERB,
        original,
        case.actor,
        before=audit.state(original),
        after={"execution": new.public_id, "checkpoint": checkpoint_seq, "edited": is_edited},
        reason=case.reason,
    )
    return Decided(
        execution_id=new.public_id,
        phase=Phase.PENDING,
        resumed_from=report.timestamp(checkpoint.finished_at) if checkpoint else None,
        checkpoint_seq=checkpoint_seq,
        next_step=case.columns["current_step"],
        kept=sum(record.is_finished() for record in copies),
        correlation_id=new.correlation_id,
        seq=head_seq,
    )


def check_forkable(original: Execution) -> None:
    """Raises Refused where no journal of ours can be gone on from."""
    if original.kind == "agent":
        raise Refused(
            "invalid",
            "A conversation is forked by another message after one of its turns.",
            state=original.phase,
            remedy="Start the agent with `from_run` and `from_turn`.",
        )
    if original.runner != Runner.OURS:
        raise Refused(
            "invalid", "An external runner drives it: it has no checkpoints.", state=original.phase
        )


def begin_with(
    case: Case, checkpoint_seq: int, output: Any
) -> tuple[StepRecord | None, list[StepRecord]]:
    """The checkpoint, and the steps with which the new run begins. Nothing is written yet. Raises
    Refused, also where ``output`` does not fit.
    """
    is_edited = output is not UNSET
    if is_edited:
        check_storable(output, "The result", case)
    checkpoint = go_back(case, checkpoint_seq)
    if checkpoint is not None and is_edited:
        check_output(case, checkpoint, output)
    if checkpoint is None and is_edited:
        assert case.execution.version is not None
        check_input(case.execution.version.document, output, str(case.actor.pk))
    return checkpoint, _copies(case, checkpoint, output)


def _created(case: Case, checkpoint_seq: int, run_input: Any) -> Execution:
    original = case.execution
    assert original.version is not None
    draft = ExecutionDraft(
        owner=case.actor,
        workflow=original.workflow,
        given_version=original.version,
        given_instance=original.instance,
        input=run_input,
        name=original.name,
        queue=original.queue,
        own_workspace=original.own_workspace,
        descent={
            "forked_from_id": original.pk,
            "forked_seq": checkpoint_seq,
            "confined_to": original.confined_to,
            "agents_may_use": original.agents_may_use,
        },
    )
    made = WORKFLOW_EXECUTION_FORK.run(draft).execution
    assert made is not None
    return made


def _copies(case: Case, checkpoint: StepRecord | None, output: Any) -> list[StepRecord]:
    """The steps that stand at the checkpoint, as steps of another run, in their order."""
    standing = [record for record in case.standing() if _is_copied(record)]
    standing.sort(key=lambda record: (record.seq is None, record.seq or 0))
    copies = []
    for record in standing:
        changes: dict[str, Any] = {"id": uuid7(), "seq": None, "digest": ""}
        if record is checkpoint and output is not UNSET:
            changes |= {"output": output, "error": None}
        copies.append(replace(record, **changes))
    return copies


def _is_copied(record: StepRecord) -> bool:
    if record.kind == DECISION:
        return False
    return record.is_finished() or record.kind in _AROUND


def _written(
    case: Case, new: Execution, copies: list[StepRecord], checkpoint_seq: int, is_edited: bool
) -> int:
    """Write the journal with which the run begins; its head."""
    now = clock.now()
    decision = StepRecord(
        "@decision/1",
        VERB,
        DECISION,
        status=StepStatus.SUCCEEDED,
        control=_said(case, checkpoint_seq, is_edited),
        started_at=now,
        finished_at=now,
    )
    head = decision.digest = link(new.head_digest, decision, new.journal_format)
    for record in copies:
        if record.is_finished():
            head = record.digest = link(head, record, new.journal_format)
    done = sum(record.is_finished() and record.path.count("/") == 1 for record in copies)
    event = report.plain(
        EventName.FORKED,
        new,
        now,
        case.actor.pk,
        reason=case.reason,
        checkpoint_seq=checkpoint_seq,
        forked_from=case.execution.public_id,
    )
    applied = apply(
        Move(
            new.pk,
            Standing(frozenset({Phase.PENDING}), new.head_seq),
            columns={**case.columns, "head_digest": head, "progress_done": done},
            steps=[decision, *copies],
            events=[event],
            correlation_id=new.correlation_id,
            owner_id=new.owner_id,
            at=now,
        )
    )
    assert applied is not None, "nobody else knows of the new run"
    return applied.head_seq


def _said(case: Case, checkpoint_seq: int, is_edited: bool) -> dict[str, Any]:
    said = Decision.made(verb=VERB, actor=case.actor.pk, reason=case.reason, supersedes=[])
    said.checkpoint = checkpoint_seq
    said.forked_from = case.execution.public_id
    if is_edited:
        said.edited_input = True
    return said.json
