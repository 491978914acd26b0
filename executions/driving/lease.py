"""Taking an execution to drive it.

The token fences: who holds an older one can write nothing any more.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.db.models import Count, Max, Q

from executions import clock
from executions.driving.suspended import Suspended, SuspendedWalks
from executions.driving.versions import Parsed, parsed_for
from executions.journal.decided import Task
from executions.journal.links import FIRST_FORMAT
from executions.journal.paths import ancestors
from executions.journal.records import DECISION, StepRecord
from executions.models import Event, Execution, Process, Step
from executions.models.moves import Applied, Claim, Lease, Move, apply, claim_all
from executions.models.reading import standing_records
from executions.models.rows import RECORD_FIELDS, record_of
from executions.models.transactions import atomic
from executions.secret_access import author_of
from executions.secrets import Applicant
from executions.states import FINISHED_STATUSES, Phase, StepStatus
from executions.vendor import vendor


@dataclass(slots=True)
class Held:
    """An execution in the hands of this process, as it was when it was taken."""

    execution: Execution
    definition: Parsed
    records: list[StepRecord]
    token: int
    inbox: int
    cancel_asked: bool
    pause_asked: bool
    first_time: bool
    # Its version has to be driven by a process of its own (models.Quarantine).
    is_quarantined: bool = False
    # The person who applied its version, with the rights of now; None where that is not asked: the
    # workflow uses no secret, or the run began before secrets belonged to somebody.
    author: Applicant | None = None
    # The dead process from which it was taken over, once that was looked at.
    left_by: Process | None = None
    # The walk that this process kept, which goes on; nothing was read of the journal then.
    walk: Suspended | None = None


def claim(
    execution_id: uuid.UUID,
    process_id: uuid.UUID,
    *,
    alone: bool = False,
    walks: SuspendedWalks | None = None,
) -> Held | None:
    """Take an execution that is due, or whose process died.

    None: there is nothing to do, or somebody else has it.

    ``alone`` takes only one that has to be driven by a process that holds nothing else; otherwise
    it takes no such one. A walk of ``walks`` goes on where the run stands as it does.
    """
    move = _claiming(execution_id, process_id, alone=alone)
    held = _untouched(move) if vendor() == "postgresql" else []
    if not held:
        with atomic():
            taken = claim_all(move, [execution_id], waits=True)
            held = _held([execution_id], taken, walks)
    return held[0] if held else None


def _untouched(move: Move) -> list[Held]:
    """The run of this claim where nobody has taken it before: no journal has to be read with it, so
    that one statement is the whole transaction.

    If that breaks off unheard, this process may hold a run that nothing of it drives; its pulse
    gives such a run back.
    """
    assert isinstance(move.guard, Claim)
    first = replace(move, guard=replace(move.guard, untouched=True))
    return _held([move.execution_id], claim_all(first, [move.execution_id], waits=True))


def claim_many(
    execution_ids: Sequence[uuid.UUID],
    process_id: uuid.UUID,
    walks: SuspendedWalks | None = None,
) -> list[Held]:
    """Take those of these that are due, or left by a dead process, and that nobody else takes at
    this moment.
    """
    if not execution_ids:
        return []
    move = _claiming(execution_ids[0], process_id, alone=False)
    with atomic():
        return _held(execution_ids, claim_all(move, execution_ids), walks)


def _claiming(execution_id: uuid.UUID, process_id: uuid.UUID, *, alone: bool) -> Move:
    now = clock.now()
    move = Move(
        execution_id,
        Claim(process_id, alone),
        if_null={"started_at": now},
        increments=("token",),
        # Set only where it was in somebody's hands: of those, only the dead are taken over.
        copies={"left_by_id": "process_id"},
        at=now,
    )
    return move.to(Phase.IN_PROGRESS, process_id=process_id)


def _held(
    wanted: Sequence[uuid.UUID],
    taken: Sequence[tuple[Applied, Execution]],
    walks: SuspendedWalks | None = None,
) -> list[Held]:
    """The executions that were taken, in the order in which they were wanted.

    Its journal is read after the UPDATE, under its row locks: what a decision wrote just before is
    seen.
    """
    claimed = {execution.pk: (applied, execution) for applied, execution in taken}
    new = _never_begun(claimed)
    # A fork has a journal before anybody drives it.
    empty = {key for key in new if not claimed[key][1].head_digest}
    kept = {} if walks is None else _going_on(claimed, walks)
    records = load_records_of([key for key in claimed if key not in empty and key not in kept])
    return [
        _held_one(*claimed[key], records.get(key, []), key in new, kept.get(key))
        for key in wanted
        if key in claimed
    ]


def _going_on(
    claimed: Mapping[uuid.UUID, tuple[Applied, Execution]], walks: SuspendedWalks
) -> dict[uuid.UUID, Suspended]:
    """The walks that go on from where they stand."""
    going_on = {}
    for key, (applied, execution) in claimed.items():
        walk = walks.get(key)
        if walk is not None and walk.goes_on(execution, applied):
            going_on[key] = walk
    return going_on


def _held_one(
    applied: Applied,
    execution: Execution,
    records: list[StepRecord],
    first_time: bool,
    walk: Suspended | None,
) -> Held:
    definition = parsed_for(execution)
    asks_for_secrets = definition.workflow.use.secrets and execution.journal_format != FIRST_FORMAT
    author = author_of(execution.version_id) if asks_for_secrets else None
    asked = (applied.cancel_asked, applied.pause_asked)
    return Held(
        execution,
        definition,
        records,
        applied.token,
        applied.inbox,
        *asked,
        first_time,
        applied.is_quarantined,
        author,
        walk=walk,
    )


def _never_begun(claimed: Mapping[uuid.UUID, tuple[Applied, Execution]]) -> set[uuid.UUID]:
    """The token counts the claims. The holder before may have ended before it wrote anything."""
    new = {key for key, (applied, _) in claimed.items() if applied.token == 1}
    unsure = [
        key
        for key, (_, execution) in claimed.items()
        if key not in new and not execution.head_digest
    ]
    if unsure:
        begun = Event.objects.filter(execution_id__in=unsure).values_list("execution_id", flat=True)
        new |= set(unsure) - set(begun.distinct().order_by())
    return new


def give_back(
    execution_id: uuid.UUID,
    token: int,
    queue: str,
    owner_id: int,
    not_run: Sequence[StepRecord] = (),
) -> bool:
    """Let go of what nobody of this process drives any more; False: it is in other hands already.

    ``not_run`` are steps that had begun and of which nothing stands: they begin again, and no
    attempt is lost.
    """
    move = Move(execution_id, Lease(token), owner_id=owner_id, ring=queue).to(Phase.PENDING)
    move.steps = [
        replace(step, status=StepStatus.RETRYING, wake_at=None, waiting_for="") for step in not_run
    ]
    return apply(move) is not None


def load_records(execution_id: uuid.UUID) -> list[StepRecord]:
    """The standing steps of an execution, decisions left out, in one query."""
    return load_records_of([execution_id]).get(execution_id, [])


def load_open_records(execution_id: uuid.UUID) -> list[StepRecord]:
    """The standing steps that are not finished: few, however long the journal is."""
    rows = Step.objects.filter(execution_id=execution_id, superseded_by=None, finished_at=None)
    return [
        record_of(row)
        for row in rows.exclude(kind=DECISION).order_by("id").values_list(*RECORD_FIELDS)
    ]


def load_records_around(execution_id: uuid.UUID, path: str) -> list[StepRecord]:
    """The standing steps that are open, that at ``path``, what failed with it, and those around
    them: few, however long the journal is.
    """
    records = _records_at(execution_id, [path, *ancestors(path)])
    named = {each for record in records for each in Task.of(record).failed or ()} - {path}
    if not named:
        return records
    paths = {each for name in (path, *named) for each in (name, *ancestors(name))}
    return _records_at(execution_id, sorted(paths))


def _records_at(execution_id: uuid.UUID, paths: Sequence[str]) -> list[StepRecord]:
    wanted = Q(finished_at=None) | Q(path__in=paths)
    rows = Step.objects.filter(wanted, execution_id=execution_id, superseded_by=None).exclude(
        kind=DECISION
    )
    return [record_of(row) for row in rows.order_by("id").values_list(*RECORD_FIELDS)]


def count_finished_but(execution_id: uuid.UUID, paths: Sequence[str]) -> tuple[int, int | None]:
    """How many finished steps stand at other paths than these, and the newest of their numbers."""
    rows = Step.objects.filter(
        execution_id=execution_id, superseded_by=None, status__in=FINISHED_STATUSES
    )
    totals = (
        rows.exclude(kind=DECISION)
        .exclude(path__in=paths)
        .aggregate(count=Count("id"), seq=Max("seq"))
    )
    return totals["count"], totals["seq"]


def load_records_of(execution_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[StepRecord]]:
    """The same of several; those that have none are left out."""
    records: dict[uuid.UUID, list[StepRecord]] = {}
    if execution_ids:
        for execution_id, record in standing_records(execution_ids):
            records.setdefault(execution_id, []).append(record)
    return records
