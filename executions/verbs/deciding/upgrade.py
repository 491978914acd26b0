"""Recovering onto a newer version of the workflow: most failures are a bug in the definition, and
this is the way on.

The journal is matched by path. The misfits are named before anything runs: first every recorded
step whose place is gone or is of another kind, then, by walking the new version over a copy of the
journal as far as its first effect, every step that the walk does not come past any more.
"""

from __future__ import annotations

import copy
import uuid
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Annotated, Literal

from django.conf import settings
from django.contrib.auth.models import User
from pydantic import Field

from executions import clock
from executions import language as definition
from executions.driving import report, surroundings
from executions.driving.chain import examine
from executions.driving.lease import load_records
from executions.driving.versions import with_own_workspace
from executions.errors import Refused
from executions.ids import uuid7
from executions.journal import operation
from executions.journal.decided import IDENTITY, Call, without
from executions.journal.links import FIRST_FORMAT
from executions.journal.paths import unescape
from executions.journal.records import StepRecord
from executions.journal.replay import Journal
from executions.language.walking.frontier import first_requests
from executions.language.walking.places import task_at
from executions.language.walking.requests import Completed, Effect, Emit, Ended, Spawn
from executions.language.walking.walker import Walker
from executions.models import Execution, WorkflowVersion
from executions.models.outside import outside
from executions.models.transactions import persistent
from executions.said import Said
from executions.secret_access import author_of
from executions.states import StepStatus
from executions.verbs.deciding import decisions, family
from executions.verbs.deciding.case import Case, Decided, write
from executions.verbs.deciding.decisions import audited
from executions.verbs.deciding.opening import Opening, check_allowed, check_phase
from executions.verbs.deciding.previews import INTERNAL, OfJournal, what_runs_again


@dataclass(frozen=True, slots=True)
class Misfit:
    """A recorded step that has no place in the other version."""

    path: str
    why: str


@dataclass(frozen=True, slots=True)
class GoesOn:
    """The first effect of the other version."""

    how: Literal["runs", "waits", "completes", "fails"]
    path: str
    name: str
    reason: Annotated[str, Field(description="Why it would fail.")]


@dataclass(frozen=True, slots=True)
class RecoverPreview(OfJournal):
    """The effect of going on with another version."""

    present: Annotated[int, Field(description="The number of the version that it follows now.")]
    version: int
    fits: Annotated[
        bool,
        Field(
            description=(
                "False where there are misfits or the journal is broken: nothing would be done."
            )
        ),
    ]
    misfits: list[Misfit]
    goes_on: GoesOn | None
    is_new_operation: Annotated[
        bool,
        Field(description="The failed step asks for something else, so its key is a new one."),
    ]


def preview(execution_id: uuid.UUID, actor: User, version_number: int) -> RecoverPreview:
    """The effect of ``recover_onto`` now; nothing is changed.

    Raises Refused as it would, but for what is shown.
    """
    execution = Execution.objects.select_related("version").get(pk=execution_id)
    check_allowed(execution, actor, "recover")
    check_phase(execution, "recover")
    version = _version(execution, version_number)
    broken = examine(execution)
    case = Case(execution, {r.path: r for r in load_records(execution_id)}, actor, "recover")
    failed = _meet_anew(case)
    fit = _fit(execution, version, case.standing())
    assert execution.version is not None
    taken_back = {record.id for record in case.superseded}
    return RecoverPreview(
        seq=execution.head_seq,
        present=execution.version.number,
        version=version_number,
        kept=sum(r.is_finished() and r.id not in taken_back for r in case.records.values()),
        fits=not fit.misfits and broken is None,
        misfits=fit.misfits,
        runs_again=what_runs_again(_loaded(version, execution), failed),
        goes_on=fit.goes_on,
        is_new_operation=any(_asks_for_something_else(each, fit.begun) for each in failed),
        broken=broken.text if broken else "",
        last_good_seq=broken.last_good_seq if broken else None,
    )


@persistent
def recover_onto(
    execution_id: uuid.UUID,
    actor: User,
    version_number: int,
    *,
    expected_seq: int | None = None,
    reason: str = "",
) -> Decided:
    """Verify the checkpoints and go on with this version of the workflow.

    Raises Refused (``conflict``: misfits).
    """

    opening = Opening(execution_id, actor, "recover", expected_seq, reason)
    return audited(opening, lambda case: _onto(case, version_number))


def _onto(case: Case, version_number: int) -> Decided:
    execution = case.execution
    version = _version(execution, version_number)
    failed = _meet_anew(case)
    # Foreign expressions of the new version are evaluated, which may take long: not while the run
    # is locked.
    standing = case.standing()
    fit = outside(
        ("fit", execution.pk, execution.head_seq, version.pk),
        partial(_fit, execution, version, standing),
    )
    if fit.misfits:
        listed = "; ".join(f"{misfit.path} ({misfit.why})" for misfit in fit.misfits)
        raise Refused(
            "conflict",
            Said(
                "Version {number} does not fit what was recorded: {listed}.",
                number=version_number,
                listed=listed,
            ),
            state=execution.phase,
            remedy=(
                "Restore to a checkpoint before these steps, correct the new version, or start a"
                " new execution."
            ),
        )
    case.made.version = version_number
    case.columns["version_id"] = version.pk
    others = [each for each in failed if _asks_for_something_else(each, fit.begun)]
    same = [each for each in failed if each not in others and each.path in fit.begun]
    if others:
        # It must not pass for the same operation.
        highest = max(execution.generation, *(each.generation for each in others))
        case.columns["generation"] = highest + 1
    for each in same:
        case.written.append(_same_operation(case, each, fit.begun[each.path]))
    if same:
        family.to_failed(
            execution.pk, lambda key: decisions.recover(key, case.actor, reason=case.reason)
        )
    event = report.recovered(
        execution, clock.now(), case.actor.pk, reason=case.reason, version=version_number
    )
    return write(case, [event])


def _same_operation(case: Case, failed: StepRecord, first: StepRecord) -> StepRecord:
    """The failed call as the new version has it, opened again: the same operation, with its key."""
    run = surroundings.run_of(case.execution)
    call = Call(operation.identity(failed, run))
    if (answer := Call.of(failed).answer) is not None:
        # It happened; only its result did not fit what the old version wanted.
        call.answer = answer
    own = without(first.control, *IDENTITY)
    fresh = replace(first, id=uuid7(), status=StepStatus.RETRYING, started_at=clock.now())
    fresh.generation, fresh.control = failed.generation, own | call.json
    return fresh


def _meet_anew(case: Case) -> list[StepRecord]:
    """Take the failed steps back altogether: the new version shall say what they do. Gives them."""
    chains = case.failed_chains()
    case.superseded += [chain[0] for chain in chains]
    for chain in chains:
        case.reopen_composites(chain[1:])
    return [chain[0] for chain in chains]


def _version(execution: Execution, number: int) -> WorkflowVersion:
    if execution.workflow_id is None:
        raise Refused(
            "conflict",
            "Only a workflow's execution can go on with another version.",
            state=execution.phase,
        )
    version = WorkflowVersion.objects.filter(
        workflow_id=execution.workflow_id, number=number
    ).first()
    if version is None:
        raise Refused(
            "invalid",
            Said("The workflow has no version {number}.", number=number),
            state=execution.phase,
            remedy="Apply it first, or name one that it has.",
        )
    return version


def _asks_for_something_else(failed: StepRecord, begun: dict[str, StepRecord]) -> bool:
    """Whether what failed is another call in the new version, or is not made any more."""
    if not begun:
        return False
    again = begun.get(failed.path)
    if again is None:
        return True
    return Call.of(failed).late != Call.of(again).late or again.arguments != failed.arguments


@dataclass(frozen=True, slots=True)
class _Fit:
    """The misfits; where there are none, what comes first, and the steps that begin, by path."""

    misfits: list[Misfit]
    goes_on: GoesOn | None = None
    begun: dict[str, StepRecord] = field(default_factory=dict)


def _fit(execution: Execution, version: WorkflowVersion, standing: list[StepRecord]) -> _Fit:
    workflow = _loaded(version, execution)
    misfits = []
    for record in standing:
        if record.kind in INTERNAL:
            continue
        task = task_at(workflow, record.path)
        if task is None:
            misfits.append(Misfit(record.path, "there is no such task any more"))
        elif task.kind != record.kind:
            misfits.append(
                Misfit(record.path, f"it was {record.kind}, the new version has {task.kind} there")
            )
    return _Fit(misfits) if misfits else _walked(execution, workflow, version, standing)


def _loaded(version: WorkflowVersion, execution: Execution) -> definition.Workflow:
    """The version as this run follows it."""
    return with_own_workspace(definition.load(version.document), execution)


def _walked(
    execution: Execution,
    workflow: definition.Workflow,
    version: WorkflowVersion,
    standing: list[StepRecord],
) -> _Fit:
    standing = copy.deepcopy(standing)
    asks_for_secrets = workflow.use.secrets and execution.journal_format != FIRST_FORMAT
    secrets = surroundings.secrets_for(
        execution.pk, workflow, author_of(version.pk) if asks_for_secrets else None
    )
    surroundings.open_records(standing, secrets)
    journal = Journal(
        standing,
        head_digest=execution.head_digest,
        value_bytes=settings.STIGMER_VALUE_BYTES,
        max_steps=settings.STIGMER_MAX_STEPS,
        journal_format=execution.journal_format,
    )
    facts = surroundings.facts_for(execution, workflow, version.document, secrets)
    walk = Walker(workflow, journal, facts, now=clock.now).run(None)
    try:
        requests = first_requests(walk, journal)
    except StopIteration as end:
        return _Fit([], _ended(end.value))
    begun = {
        each.step.path: each.step for each in requests if isinstance(each, Effect | Spawn | Emit)
    }
    if begun and journal.unvisited:
        why = Said("the new version would run another step first")
        return _Fit([Misfit(path, why) for path in sorted(journal.unvisited)])
    first = next(iter(begun.values()), None) or requests[0].step
    return _Fit([], GoesOn("runs" if begun else "waits", first.path, first.name, ""), begun)


def _ended(ended: Ended) -> GoesOn:
    if isinstance(ended, Completed):
        return GoesOn("completes", "", "", "")
    path = ended.path or ""
    reason = report.failure_reason(ended.error.as_json())
    return GoesOn("fails", path, unescape(path.rsplit("/", 1)[-1].partition("#")[0]), reason)
